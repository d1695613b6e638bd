-- A Language Server inside of Neovim that answers what a test says and keeps what it is sent.
--   fake.answer: function(params) that gives the answer to textDocument/inlineCompletion
--   fake.results: what workspace/executeCommand gives, by command
--   fake.sent: every request and notification, { method, params }
--   fake.delay_ms: how long an inline completion takes

local M = { sent = {}, results = {}, delay_ms = 0, text = 'alpha(beta, gamma)' }
_G.fake = M

local COMMANDS = {
  'codeassist.accepted',
  'codeassist.editAccepted',
  'codeassist.status',
  'codeassist.why',
  'codeassist.setEnabled',
  'codeassist.snooze',
  'codeassist.statistics',
  'codeassist.explainSuggestion',
  'codeassist.docstring',
  'codeassist.tests',
  'codeassist.fix',
  'codeassist.rewrite',
  'codeassist.nextEdit',
}

M.status = {
  engine = { state = 'ready', message = '', pid = 1, restarts = 0 },
  index = { state = 'ready', message = '', files = 1, chunks = 1, symbols = 1, vectors = 0 },
  model = 'fake',
  enabled = true,
  languages_off = {},
  snoozed_until = vim.NIL,
}

--- An item that inserts `text` at a position, in place of `n_right` characters.
function M.item(text, position, n_right)
  local stop = { line = position.line, character = position.character + (n_right or 0) }
  local outcome = { id = 'complete-1', uri = 'file:///x', characters = #text }
  return {
    insertText = text,
    range = { start = position, ['end'] = stop },
    command = { title = 'accepted', command = 'codeassist.accepted', arguments = { outcome } },
  }
end

function M.answer(params) return { items = { M.item(M.text, params.position) } } end

--- Parameters of every message of a method.
function M.of(method)
  local found = vim.tbl_filter(function(message) return message.method == method end, M.sent)
  return vim.tbl_map(function(message) return message.params end, found)
end

local REQUESTS = {
  initialize = function()
    local capabilities = {
      positionEncoding = 'utf-16',
      textDocumentSync = { openClose = true, change = 2 },
      inlineCompletionProvider = vim.empty_dict(),
      executeCommandProvider = { commands = COMMANDS },
    }
    return { capabilities = capabilities, serverInfo = { name = 'fake' } }
  end,
  ['textDocument/inlineCompletion'] = function(params) return M.answer(params) end,
  ['workspace/executeCommand'] = function(params) return M.results[params.command] end,
}

--- What `cmd` of a configuration may be.
function M.start(dispatchers)
  local n_requests, is_closing = 0, false
  local rpc = {}
  function rpc.request(method, params, callback, on_reply)
    n_requests = n_requests + 1
    local id, handler = n_requests, REQUESTS[method]
    table.insert(M.sent, { method = method, params = vim.deepcopy(params) })
    local function reply()
      local result = handler and handler(params)
      if on_reply then
        on_reply(id)
      end
      callback(nil, result == nil and vim.NIL or result)
    end
    vim.defer_fn(reply, method == 'textDocument/inlineCompletion' and M.delay_ms or 0)
    return true, id
  end
  function rpc.notify(method, params)
    table.insert(M.sent, { method = method, params = vim.deepcopy(params) })
    if method == 'initialized' then
      vim.schedule(function() dispatchers.notification('codeassist/status', M.status) end)
    elseif method == 'exit' then
      rpc.terminate()
    end
    return true
  end
  function rpc.is_closing() return is_closing end
  function rpc.terminate()
    if not is_closing then
      is_closing = true
      dispatchers.on_exit(0, 0)
    end
  end
  return rpc
end

vim.lsp.config('codeassist', { cmd = M.start })
