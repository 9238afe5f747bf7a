"""Where an instance listens: where it did before, unless another checkout's stack came to listen there meanwhile."""

import socket
from pathlib import Path

from ops import instances
from ops.instances import Instance


def an_instance(directory: Path) -> Instance:
    instance = Instance("test")
    instance.__dict__["directory"] = directory  # what the cached property would find
    return instance


def test_an_instance_comes_back_on_its_ports_but_not_on_somebody_elses(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(instances.BLOCKS, "test", 28000)
    (tmp_path / "ports").write_text("28000")
    with socket.create_server(("127.0.0.1", 28003)):
        moved = an_instance(tmp_path)._block()
        assert moved > 28000
    assert an_instance(tmp_path)._block() == moved
