-- minuet-ai.nvim with `codeassist serve`: in your init.lua, or as the `config` of your plugin manager.
require('minuet').setup({
  provider = 'openai_fim_compatible',
  -- Three would be the same text three times: the model's likeliest.
  n_completions = 1,
  -- Characters. What the server needs of other files it finds itself.
  context_window = 8000,
  -- Milliseconds. The server is on this machine, and nobody pays for requests.
  throttle = 300,
  debounce = 150,
  provider_options = {
    openai_fim_compatible = {
      name = 'codeassist',
      end_point = 'http://127.0.0.1:8311/v1/completions',
      model = 'codeassist',
      -- minuet wants a key from the environment; this one is always there, and nothing checks it.
      api_key = 'TERM',
      stream = true,
      optional = { max_tokens = 128 },
    },
  },
  virtualtext = {
    auto_trigger_ft = { '*' },
    keymap = { accept = '<A-A>', accept_line = '<A-a>', prev = '<A-[>', next = '<A-]>', dismiss = '<A-e>' },
  },
})
