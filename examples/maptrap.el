;; SPDX-License-Identifier: Apache-2.0
;; Emacs 29 or newer, or Emacs with eglot: for your init file. M-x eglot in a Go buffer starts it; fixes are
;; code actions: M-x eglot-code-actions. One server for each mode: gopls has its place back without this.
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((go-mode go-ts-mode) . ("maptrap" "scan" "--lsp" "--tier" "default"))))
