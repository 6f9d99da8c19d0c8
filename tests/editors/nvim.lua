-- SPDX-License-Identifier: Apache-2.0
-- Opens p.go with examples/maptrap.nvim.lua as the user would, takes the fix, and ends the server.
vim.opt.runtimepath:prepend(vim.env.WORK .. "/nvim")
vim.lsp.enable("maptrap")
vim.cmd("filetype on")
vim.cmd("edit " .. vim.env.WORK .. "/p/p.go")

local function wait_for(what, done)
  if vim.wait(20000, done, 50) then return end
  print("never: " .. what)
  vim.cmd("cq")
end

wait_for("a client", function() return #vim.lsp.get_clients({ bufnr = 0 }) > 0 end)
wait_for("a diagnostic", function() return #vim.diagnostic.get(0) > 0 end)
for _, d in ipairs(vim.diagnostic.get(0)) do
  print(("%d:%d %s %s"):format(d.lnum + 1, d.col + 1, d.source, d.code))
end
vim.api.nvim_win_set_cursor(0, { 13, 2 })
vim.lsp.buf.code_action({ apply = true })
wait_for("the fix", function() return vim.api.nvim_buf_line_count(0) == 16 end)
print(table.concat(vim.api.nvim_buf_get_lines(0, 12, 15, false), "|"))
wait_for("no diagnostic", function() return #vim.diagnostic.get(0) == 0 end)
local client = vim.lsp.get_clients()[1]
client:stop()
wait_for("the end", function() return client:is_stopped() end)
print("ended")
vim.cmd("qa!")
