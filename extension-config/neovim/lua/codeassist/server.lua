-- The server: where it is found, in which buffers it runs, what it says of itself, and how it comes back when it dies.

local buffers = require('codeassist.buffers')
local process = require('codeassist.process')

local M = {}

M.command = nil ---@type string[]? the server's command line; nil where the user starts it by a function

local LONGEST_PAUSE_S = 60 -- also how long a server must have lived for its end to count as the first one
local MOST_FAILED_STARTS = 5

local states = {} ---@type table<integer, table> by client: the last `codeassist/status`
local said = {} ---@type table<string, boolean>
local n_failures = 0
local n_failed_starts = 0
local attached_at = {} ---@type table<integer, number> by client, milliseconds of uv.now()
local stopping = {} ---@type table<integer, boolean> by client: it is to end

--- Say it once in this session; later, for an error would break off the autocommands of the file that is opened.
local function say_once(message, level)
  if not said[message] then
    said[message] = true
    vim.schedule(function() vim.notify('codeassist: ' .. message, level) end)
  end
end

--- The clone that this file lies in.
local function clone()
  local source = debug.getinfo(1, 'S').source:sub(2)
  local file = vim.uv.fs_realpath(source) or source
  return vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(file)))))
end

--- The server's program: that on the PATH, else the one of the clone that this file lies in; nil without either.
function M.find()
  local in_clone = clone() .. '/.venv/bin/codeassist'
  return vim
    .iter({ vim.fn.exepath('codeassist'), in_clone })
    :find(function(program) return program ~= '' and vim.fn.executable(program) == 1 end)
end

--- What to do where the server is not found.
function M.remedy(program)
  return table.concat({
    ('there is no program %s.'):format(program),
    ('Run `make setup` in %s, put `codeassist` on your PATH, or name it in'):format(clone()),
    "`require('codeassist').setup { cmd = { '/path/to/codeassist', 'lsp', '--stdio' } }`.",
    ':checkhealth codeassist tells more.',
  }, ' ')
end

local function root_dir(buffer, on_dir)
  if buffers.why_not(buffer) then
    return
  end
  local program = M.command and M.command[1]
  if program and vim.fn.executable(program) == 0 then
    say_once(M.remedy(program), vim.log.levels.ERROR)
    return
  end
  on_dir(vim.fs.root(buffer, vim.lsp.config.codeassist.root_markers))
end

--- Look at the command line that the user's configuration names now. Neovim passes over one that does not exist without
--- a word, unless it is a function.
local function prepare()
  local command = vim.lsp.config.codeassist.cmd
  if type(command) == 'table' then
    M.command = command
    vim.lsp.config('codeassist', { cmd = process.starter(command) })
  end
end

local function redraw()
  vim.api.nvim_exec_autocmds('User', { pattern = 'CodeassistStatus', modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

local function on_status(_, status, context)
  states[context.client_id] = status
  vim.g.codeassist_status = status.engine.state
  vim.g.codeassist_message = status.engine.message
  vim.g.codeassist_index = status.index.state
  redraw()
end

--- What the server tells the user. Neovim's own handler ends it with a line break, which asks for Enter each time.
local function on_message(_, said)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
  vim.notify(said.message, levels[said.type] or vim.log.levels.INFO)
end

--- Seconds to wait before a server that ended is started again.
local function pause() return math.min(2 ^ (n_failures - 1), LONGEST_PAUSE_S) end

local function start_again()
  if vim.lsp.is_enabled('codeassist') then
    prepare()
    vim.lsp.enable('codeassist')
  end
end

--- lived_s: how long it was attached to buffers; nil where it never was.
local function on_died(code, signal, lived_s)
  n_failures = (lived_s or 0) >= LONGEST_PAUSE_S and 1 or n_failures + 1
  n_failed_starts = lived_s and 0 or n_failed_starts + 1
  local how = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
  if n_failed_starts >= MOST_FAILED_STARTS then
    local message =
      'codeassist: the server does not start (%s); `:Codeassist log` says why, `:Codeassist restart` tries again'
    vim.notify(message:format(how), vim.log.levels.ERROR)
    return
  end
  vim.notify(('codeassist: the server ended (%s); it starts again in %d s'):format(how, pause()), vim.log.levels.WARN)
  process.pause_s = pause()
  vim.schedule(start_again) -- when Neovim has forgotten the old client
end

local function on_ended(code, signal, client_id)
  local is_meant = stopping[client_id] or vim.v.exiting ~= vim.NIL or not vim.lsp.is_enabled('codeassist')
  local since = attached_at[client_id]
  stopping[client_id], states[client_id], attached_at[client_id] = nil, nil, nil
  vim.g.codeassist_status = 'stopped'
  vim.g.codeassist_index = 'none' -- the next server has to open it first
  redraw()
  if not is_meant and (code ~= 0 or signal ~= 0) then
    on_died(code, signal, since and (vim.uv.now() - since) / 1000)
  end
end

local function on_exit(code, signal, client_id)
  code, signal = unpack(process.real_end or { code, signal })
  vim.schedule(function() on_ended(code, signal, client_id) end)
end

--- What `vim.lsp.config` is told; a user may change each part.
---@return vim.lsp.Config
function M.config()
  return {
    cmd = { M.find() or 'codeassist', 'lsp', '--stdio' },
    root_markers = { 'codeassist.toml', '.git' },
    root_dir = root_dir,
    init_options = vim.empty_dict(),
    -- Neovim 0.11 does not say by itself that it knows inline completion.
    capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } },
    handlers = { ['codeassist/status'] = on_status, ['window/showMessage'] = on_message },
    on_exit = on_exit,
  }
end

--- Hand on what `setup` says of the server.
function M.configure(options)
  local config = {}
  if #options.cmd > 0 then
    config.cmd = options.cmd
  end
  if next(options.settings) then
    config.init_options = options.settings
  end
  if next(config) then
    vim.lsp.config('codeassist', config)
  end
end

local function focus(buffer)
  local client = buffers.client(buffer)
  if client and not buffers.why_not(buffer) then
    client:notify('textDocument/didFocus', { textDocument = vim.lsp.util.make_text_document_params(buffer) })
  end
end

local function on_attach(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if not client or client.name ~= 'codeassist' then
    return
  end
  attached_at[client.id] = attached_at[client.id] or vim.uv.now()
  if vim.lsp.inline_completion then -- ours is drawn, not Neovim's own
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
  if event.buf == vim.api.nvim_get_current_buf() then
    focus(event.buf)
    require('codeassist.ghost').refresh()
  end
end

--- Start the server with the first file, and tell it which document is looked at.
function M.start()
  local group = vim.api.nvim_create_augroup('codeassist.server', {})
  local function on_enter(event) focus(event.buf) end
  vim.api.nvim_create_autocmd({ 'BufEnter', 'FocusGained' }, { group = group, callback = on_enter })
  vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = on_attach })
  vim.api.nvim_create_autocmd('FileType', { group = group, callback = prepare }) -- before the one that starts servers
  prepare()
  vim.lsp.enable('codeassist')
end

--- Stop every server of ours and start anew.
function M.restart()
  n_failures, n_failed_starts, said, process.pause_s = 0, 0, {}, 0
  local clients = vim.lsp.get_clients({ name = 'codeassist' })
  for _, client in ipairs(clients) do
    stopping[client.id] = true
    client:stop()
  end
  vim.wait(3000, function() return #vim.lsp.get_clients({ name = 'codeassist' }) == 0 end, 20)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'codeassist' })) do
    client:stop(true)
  end
  prepare()
  vim.lsp.enable('codeassist')
end

--- What the server of a buffer said last.
function M.state(buffer)
  local client = buffers.client(buffer)
  return client and (states[client.id] or {})
end

--- See `require('codeassist').status`.
function M.status_line(buffer)
  local state = M.state(buffer)
  if not state then
    return ''
  end
  local engine, snoozed = state.engine or { state = 'starting' }, state.snoozed_until
  if engine.state ~= 'ready' then
    return 'codeassist: ' .. engine.state
  elseif buffers.why_not(buffer) or state.enabled == false then
    return 'codeassist: off'
  elseif type(snoozed) == 'number' and snoozed > os.time() then
    return ('codeassist: snoozed %d min'):format(math.ceil((snoozed - os.time()) / 60))
  elseif vim.list_contains(state.languages_off or {}, vim.bo[buffer].filetype) then
    return ('codeassist: off for %s'):format(vim.bo[buffer].filetype)
  end
  local index = state.index or {}
  return index.state and index.state ~= 'ready' and 'codeassist: index ' .. index.state or 'codeassist'
end

return M
