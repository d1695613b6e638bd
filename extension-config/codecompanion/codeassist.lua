-- codecompanion.nvim with the chat model of `codeassist serve`: in your init.lua, or as the `config` of your plugin manager.
require('codecompanion').setup({
  adapters = {
    http = {
      codeassist = function()
        return require('codecompanion.adapters').extend('openai_compatible', {
          -- The plugin wants a key from the environment; this one is always there, and nothing checks it.
          env = { url = 'http://127.0.0.1:8311', api_key = 'TERM' },
          -- Without a name, the plugin takes the first model that is listed, which fills gaps and does not chat.
          schema = { model = { default = 'codeassist-chat' } },
        })
      end,
    },
  },
  interactions = {
    chat = { adapter = 'codeassist' },
    inline = { adapter = 'codeassist' },
    cmd = { adapter = 'codeassist' },
  },
})
