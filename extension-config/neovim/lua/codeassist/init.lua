-- What a user's configuration calls.

local buffers = require('codeassist.buffers')
local ghost = require('codeassist.ghost')
local keys = require('codeassist.keys')
local options = require('codeassist.options')
local overlay = require('codeassist.overlay')
local server = require('codeassist.server')

local M = {}

local is_started = false

local function apply()
  keys.map(buffers.options.keys)
  ghost.enable()
end

--- Start with the options in force; more than once does nothing.
function M.start()
  if is_started then
    return
  end
  is_started = true
  overlay.define_highlights()
  require('codeassist.commands').define()
  apply()
  server.start()
end

--- Change options, before or after the start. What is wrong is told and left out.
function M.setup(given)
  local merged, problems = options.read(given or {})
  for _, problem in ipairs(problems) do
    vim.notify('codeassist: ' .. problem, vim.log.levels.ERROR)
  end
  buffers.options = merged
  server.configure(merged)
  if is_started then
    apply()
  else
    M.start()
  end
end

--- A few words for a status line, "" in buffers without the server: "codeassist", "codeassist: starting", ...
function M.status() return server.status_line(vim.api.nvim_get_current_buf()) end

--- Whether there is ghost text on the screen, for mappings of your own.
M.visible = ghost.visible

return M
