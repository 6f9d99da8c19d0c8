-- SPDX-License-Identifier: Apache-2.0
-- Neovim 0.11 or newer: copy it to ~/.config/nvim/lsp/maptrap.lua, then vim.lsp.enable("maptrap").
-- Fixes are code actions: vim.lsp.buf.code_action(), "gra" by default.
return {
  cmd = { "maptrap", "scan", "--lsp", "--tier", "default" },
  filetypes = { "go" },
  root_markers = { "go.work", "go.mod", ".git" },
}
