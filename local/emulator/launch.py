"""Starts MiniStack in this process, mends what it lacks, serves it on loopback until SIGTERM.

python -m local.emulator.launch PORT
"""

import os
import signal
import sys

HOST = "127.0.0.1"
ENVIRONMENT = {
    "BIND_HOST": HOST,
    "IOT_MTLS_ENABLED": "0",  # its MQTT port would bind every interface
    "SFTP_ENABLED": "0",
    "LAMBDA_EXECUTOR": "local",
    "LAMBDA_ACCOUNT_CONCURRENCY": "24",  # a worker process costs 60 to 100 MB
    "LAMBDA_WARM_TTL_SECONDS": "60",
    "LOG_LEVEL": "INFO",
}


def main(port: int) -> None:
    # MiniStack reads its settings when it is imported.
    os.environ.update(ENVIRONMENT | {"GATEWAY_PORT": str(port)})
    os.environ.pop("AWS_ENDPOINT_URL", None)

    from importlib import import_module

    from local.emulator import gaps

    app = import_module("ministack.app").app
    gaps.mend()
    uvicorn = import_module("uvicorn")
    # uvicorn raises the signal again once it has shut down; the workers are to be ended after that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.run(
            app,
            host=HOST,
            port=port,
            date_header=False,  # MiniStack writes a Date of its own, and two of them break clients
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
    finally:
        import_module("ministack.core.lambda_runtime").reset()


if __name__ == "__main__":
    main(int(sys.argv[1]))
