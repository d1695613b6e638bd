-- Turns codeassist on: ghost text while you type, Tab to take it, Ctrl-] to send it away.
-- `vim.g.codeassist_tab = false` before this is read leaves your own Tab alone.

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('codeassist needs Neovim 0.11 or newer', vim.log.levels.WARN)
  return
end

vim.lsp.enable('codeassist')

-- Neovim 0.12 draws inline completions itself; 0.11 gets the little that it lacks from ghost.lua.
local ghost = vim.lsp.inline_completion or require('codeassist.ghost')
ghost.enable()

local function accept()
  return ghost.get()
end

if vim.g.codeassist_tab ~= false then
  vim.keymap.set('i', '<Tab>', function()
    if not accept() then
      return '<Tab>'
    end
  end, { expr = true, desc = 'Take the ghost text, or indent' })
end

vim.keymap.set('i', '<Plug>(codeassist-accept)', accept, { desc = 'Take the ghost text' })

vim.keymap.set('i', '<C-]>', function()
  ghost.enable(false)
  ghost.enable(true)
  return '<C-]>'
end, { expr = true, desc = 'Send the ghost text away' })
