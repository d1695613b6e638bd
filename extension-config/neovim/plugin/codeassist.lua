-- Turns codeassist on: ghost text while you type, and its keys. `require('codeassist').setup` changes what is set here.

if vim.g.loaded_codeassist then
  return
end
vim.g.loaded_codeassist = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('codeassist needs Neovim 0.11 or newer', vim.log.levels.WARN)
  return
end

require('codeassist').start()
