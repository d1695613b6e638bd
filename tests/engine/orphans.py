"""Starts an engine, says so on stdout, and waits: for tests that kill it."""

import asyncio
import sys
from dataclasses import replace

from codeassist.engine.choose import open_embedded
from codeassist.settings import EngineSettings


async def main() -> None:
    """Prints the host's process id once the engine is ready."""
    engine = open_embedded(replace(EngineSettings(), model=sys.argv[1], kv_cache_gib=0.5))
    await engine.start()
    sys.stdout.write(f"{engine.status.pid}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
