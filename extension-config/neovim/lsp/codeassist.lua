-- The server's configuration, which `vim.lsp.enable('codeassist')` looks up here (Neovim 0.11 or newer).
-- Change parts of it in your own init.lua: `vim.lsp.config('codeassist', { ... })`, `require('codeassist').setup`.

return require('codeassist.server').config()
