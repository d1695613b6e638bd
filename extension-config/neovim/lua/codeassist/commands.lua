-- `:Codeassist` and its subcommands.

local buffers = require('codeassist.buffers')
local report = require('codeassist.report')
local server = require('codeassist.server')

local M = {}

local function say(message, level) vim.notify('codeassist: ' .. message, level or vim.log.levels.INFO) end

--- Lines in a window at the cursor, which goes away when it moves; a message of several lines would ask for Enter.
local function show_lines(lines)
  local options = { border = 'rounded', title = ' codeassist ', focus_id = 'codeassist', wrap = true, max_width = 100 }
  vim.lsp.util.open_floating_preview(lines, '', options)
end

--- Run a command of the server; `on_result` gets what it gives, nil for null. Errors are told.
function M.execute(client, command, argument, on_result)
  local known = vim.tbl_get(client.server_capabilities, 'executeCommandProvider', 'commands') or {}
  if not vim.list_contains(known, command) then
    say(('this server does not know %s; update it'):format(command), vim.log.levels.WARN)
    return
  end
  local params = { command = command, arguments = { argument } }
  client:request('workspace/executeCommand', params, function(failure, result)
    if failure then
      say(failure.message, vim.log.levels.WARN)
    elseif on_result then
      on_result(result ~= vim.NIL and result or nil)
    end
  end, 0)
end

local function ask(command, argument, on_result)
  local client = buffers.client(vim.api.nvim_get_current_buf())
  if client then
    M.execute(client, command, argument, on_result)
  else
    local reason = buffers.why_not(0)
    say(
      reason and 'no suggestions in this buffer: ' .. reason
        or 'no server is attached to this buffer; :checkhealth codeassist'
    )
  end
end

local function place()
  local client = buffers.client(vim.api.nvim_get_current_buf())
  local params = vim.lsp.util.make_position_params(0, client and client.offset_encoding or 'utf-16')
  return { uri = params.textDocument.uri, position = params.position }
end

--- The lines that the command was given, whole; the cursor's without any.
local function area(call)
  local first = call.range > 0 and call.line1 or vim.fn.line('.')
  local last = call.range > 0 and call.line2 or first
  local range = { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
  if last == vim.api.nvim_buf_line_count(0) then
    local client = buffers.client(vim.api.nvim_get_current_buf())
    local text = vim.fn.getline(last)
    range['end'] =
      { line = last - 1, character = vim.str_utfindex(text, client and client.offset_encoding or 'utf-16') }
  end
  return { uri = vim.uri_from_bufnr(0), range = range }
end

local function show(lines_of)
  return function(result) show_lines(lines_of(result)) end
end

local function why() ask('codeassist.why', { uri = vim.uri_from_bufnr(0) }, show(report.why)) end

--- One line about why nothing was suggested, after it was asked for.
function M.say_why_nothing()
  local client = buffers.client(vim.api.nvim_get_current_buf())
  local known = client and vim.tbl_get(client.server_capabilities, 'executeCommandProvider', 'commands') or {}
  if not vim.list_contains(known, 'codeassist.why') then
    say('no suggestion here')
    return
  end
  M.execute(
    client,
    'codeassist.why',
    { uri = vim.uri_from_bufnr(0) },
    function(last)
      say('no suggestion here' .. (last and last.reason and last.reason ~= '' and ': ' .. last.reason or ''))
    end
  )
end

local function set_enabled(is_enabled)
  return function(call)
    local language = call.fargs[2]
    ask(
      'codeassist.setEnabled',
      { enabled = is_enabled, language = language },
      function()
        say(('%s%s for this session'):format(is_enabled and 'on' or 'off', language and ' in ' .. language or ''))
      end
    )
  end
end

local function snooze(call)
  local minutes = tonumber(call.fargs[2] or '10')
  if not minutes or minutes < 0 then
    say('snooze takes a number of minutes; 0 ends it', vim.log.levels.ERROR)
    return
  end
  ask(
    'codeassist.snooze',
    { minutes = minutes },
    function() say(minutes == 0 and 'awake' or ('quiet for %d minutes'):format(minutes)) end
  )
end

local function log()
  local settings = vim.lsp.config.codeassist.init_options or {}
  local own = settings['log.file'] or vim.tbl_get(settings, 'log', 'file')
  vim.cmd.tabedit(vim.fn.fnameescape(own or vim.lsp.log.get_filename()))
  vim.cmd('normal! G')
end

local function stats(call)
  ask('codeassist.statistics', { days = tonumber(call.fargs[2] or '7') or 7 }, show(report.figures))
end

local function fix(call)
  local line = (call.range > 0 and call.line1 or vim.fn.line('.')) - 1
  local found = vim.diagnostic.get(0, { lnum = line })[1]
  if not found then
    say('there is no diagnostic in this line')
    return
  end
  ask('codeassist.fix', vim.tbl_extend('error', area(call), { message = found.message }))
end

local function rewrite(call)
  local where = area(call)
  local function send(instruction)
    if instruction and instruction ~= '' then
      ask('codeassist.rewrite', vim.tbl_extend('error', where, { instruction = instruction }))
    end
  end
  local given = table.concat(vim.list_slice(call.fargs, 2), ' ')
  if given ~= '' then
    send(given)
  else
    vim.ui.input({ prompt = 'Rewrite: ' }, send)
  end
end

--- What was found is in the diagnostics of each file; `:lua vim.diagnostic.setqflist()` lists all.
local function review() ask('codeassist.review', { uri = vim.uri_from_bufnr(0) }) end

local function apply_finding(call)
  local line = (call.range > 0 and call.line1 or vim.fn.line('.')) - 1
  for _, found in ipairs(vim.diagnostic.get(0, { lnum = line })) do
    local data = vim.tbl_get(found, 'user_data', 'lsp', 'data')
    if data and data.id then
      ask('codeassist.applyFinding', { uri = vim.uri_from_bufnr(0), id = data.id })
      return
    end
  end
  say('there is no finding in this line')
end

local function on_area(command)
  return function(call) ask(command, area(call)) end
end

local function languages() return vim.fn.getcompletion('', 'filetype') end

--- By name: what it does, its description, and what may follow it.
M.SUBCOMMANDS = {
  status = {
    desc = 'state of engine, model and index',
    run = function() ask('codeassist.status', nil, show(report.status)) end,
  },
  why = { desc = 'where the last suggestion came from, or why there was none', run = why },
  enable = { desc = 'suggest again, or again in a language', run = set_enabled(true), complete = languages },
  disable = { desc = 'suggest nothing, or nothing in a language', run = set_enabled(false), complete = languages },
  snooze = {
    desc = 'quiet for some minutes, 10 without a number; 0 ends it',
    run = snooze,
    complete = function() return { '0', '5', '10', '30', '60' } end,
  },
  log = { desc = 'what the server said', run = log },
  restart = { desc = 'stop the server and start it anew', run = function() server.restart() end },
  explain = {
    desc = 'a document about the last suggestion',
    run = function() ask('codeassist.explainSuggestion', place()) end,
  },
  docstring = { desc = 'write a docstring for the lines', run = on_area('codeassist.docstring') },
  tests = { desc = 'write tests for the lines', run = on_area('codeassist.tests') },
  review = { desc = 'look at what is not committed, before it is', run = review },
  apply = { desc = "put the remedy of the line's finding in", run = apply_finding },
  fix = { desc = "mend the line's diagnostic", run = fix },
  rewrite = { desc = 'rewrite the lines as you say', run = rewrite },
  ['next-edit'] = {
    desc = 'show the next edit; once more: apply it',
    run = function() require('codeassist.next_edit').run() end,
  },
  stats = {
    desc = 'what was shown, taken and kept in some days, 7 without a number',
    run = stats,
    complete = function() return { '1', '7', '30' } end,
  },
}

local function run(call)
  local name = call.fargs[1] or 'status'
  local subcommand = M.SUBCOMMANDS[name]
  if subcommand then
    subcommand.run(call)
  else
    local known = table.concat(vim.fn.sort(vim.tbl_keys(M.SUBCOMMANDS)), ', ')
    say(('there is no :Codeassist %s; there are %s'):format(name, known), vim.log.levels.ERROR)
  end
end

local function complete(lead, line)
  local words = vim.split(vim.trim(line:gsub('^.-Codeassist', '')), '%s+')
  local is_first = #words == 1 and not line:match('%s$') or words[1] == ''
  local subcommand = M.SUBCOMMANDS[words[1]]
  local known = vim.tbl_keys(M.SUBCOMMANDS)
  if not is_first then
    known = subcommand and subcommand.complete and subcommand.complete() or {}
  end
  return vim.fn.sort(vim.tbl_filter(function(one) return vim.startswith(one, lead) end, known))
end

--- Define the command.
function M.define()
  local options = { nargs = '*', range = true, complete = complete, desc = 'codeassist: see :help :Codeassist' }
  vim.api.nvim_create_user_command('Codeassist', run, options)
end

return M
