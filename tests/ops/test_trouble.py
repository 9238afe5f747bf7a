"""`make status` names what an operator should look at, with the command for it."""

from ops import trouble


def test_a_healthy_stack_has_one_line() -> None:
    assert trouble.lines({"user.sync": 4, "user.sync.dlq": 0}, lambda *_: (0, 0)) == [
        "No dead letters, no unsent events, no unfinished changes of users"
    ]


def test_each_trouble_is_named_with_the_way_to_it() -> None:
    def ask(service: str, statement: str) -> tuple[int, int]:
        return (7, 90) if (service, statement) in (("auth", trouble.UNSENT), ("auth", trouble.UNFINISHED)) else (0, 0)

    assert trouble.lines({"device_data_queue.dlq": 3, "forecast.hours.dlq": 1, "user.sync": 9}, ask) == [
        '3 dead letter(s) in device_data_queue.dlq: make manage SERVICE=monitoring ARGS="dlq show device_data_queue.dlq"',
        '1 dead letter(s) in forecast.hours.dlq: make manage SERVICE=forecast ARGS="dlq show forecast.hours.dlq"',
        "7 event(s) of auth not sent yet, the oldest for 90 s",
        "7 change(s) of users not finished yet, the oldest for 90 s",
    ]


def test_a_server_that_does_not_answer_is_said(capsys) -> None:
    settings = {"ADMIN_BROKER_PASSWORD": "x", "BROKER_CONSOLE_PORT": "1"}
    trouble.show(settings, lambda *_: (0, 0))
    assert capsys.readouterr().out.startswith("Dead letters and unsent events cannot be counted: ")
