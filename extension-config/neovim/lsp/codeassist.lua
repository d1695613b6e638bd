-- The server's configuration, which `vim.lsp.enable('codeassist')` looks up here (Neovim 0.11 or newer).
-- Change parts of it in your own init.lua with `vim.lsp.config('codeassist', { ... })`.

---@type vim.lsp.Config
return {
  cmd = { 'codeassist', 'lsp', '--stdio' },
  root_markers = { 'codeassist.toml', '.git' },
  -- Settings under their names in config.toml, for example { completion = { max_lines = 4 } }.
  init_options = vim.empty_dict(),
  -- Neovim 0.11 does not say by itself that it knows inline completion.
  capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } },
  handlers = {
    -- For your status line: "ready", "starting", "restarting", "failed" or "stopped".
    ['codeassist/status'] = function(_, status)
      vim.g.codeassist_status = status.engine.state
      vim.g.codeassist_message = status.engine.message
      vim.g.codeassist_index = status.index.state
    end,
  },
}
