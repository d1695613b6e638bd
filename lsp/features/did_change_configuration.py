"""`workspace/didChangeConfiguration`."""

from __future__ import annotations

import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp.language_server import CodeassistServer
from lsp.options import SECTION

logger = logging.getLogger(__name__)


def did_change_configuration(server: CodeassistServer, params: types.DidChangeConfigurationParams) -> None:
    """Settings are others; read and taken over in the background."""
    work = _pull(server) if params.settings is None else server.configuration.change(params.settings)
    server.background.start(work, "reading the settings")


def ask_to_be_told(server: CodeassistServer) -> None:
    """Have the editor tell of changed settings, where it wants to be asked for that."""
    workspace = server.client_capabilities.workspace
    configuring = workspace.did_change_configuration if workspace else None
    if configuring is not None and configuring.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        server.client_register_capability(
            types.RegistrationParams(
                registrations=[
                    types.Registration(
                        id="codeassist-settings",
                        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                        register_options=options,
                    )
                ]
            )
        )


async def _pull(server: CodeassistServer) -> None:
    """Ask for the settings, since the editor only says that there are others."""
    workspace = server.client_capabilities.workspace
    if not (workspace and workspace.configuration):
        return
    wanted = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    try:
        sections = await server.workspace_configuration_async(wanted)
    except JsonRpcException as error:
        logger.warning("the editor does not tell its settings: %s", error)
        return
    if sections:
        await server.configuration.change(sections[0])
