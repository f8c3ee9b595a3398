"""The parts of a case's page, each made of what was kept with the decision and of the words of policy and catalogue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from features.catalogue import Catalogue
from features.codec import LoggedScreening
from features.provinces import PROVINCES
from features.signal import Value
from model.factors import FACTORS
from model.policy import Policy
from service.answer import Answer, Contribution, KeptAnswer, Sentence
from service.pages import Asked, Bar, Bilingual, FactorShown, Field, Peers, PlaceShown, RuleShown, Step, Why
from service.ports import Found

BY_CODE: Final = {province.code: province for province in PROVINCES}
LEFT_OF_A_NUMBER, RIGHT_OF_A_NUMBER = 6, 4
QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
FACTOR_WORDS: Final[Mapping[str, Bilingual]] = {
    "number_verification": Bilingual("verify the number through the network", "网络侧验证本机号码"),
    "otp_closing_number": Bilingual("a code to the number itself", "向本机号码发送验证码"),
    "otp_second_contact": Bilingual("a code to the second contact on record", "向备用联系方式发送验证码"),
    "service_password": Bilingual("the service password", "验证服务密码"),
    "face_liveness": Bilingual("a face check with liveness, if they consent", "经同意的人脸活体核验"),
    "second_confirmation": Bilingual("a second confirmation in the app", "在应用内二次确认"),
    "callback_second_contact": Bilingual("call back the second contact on record", "回拨备用联系电话"),
    "video_agent": Bilingual("a video call with one of our staff", "视频坐席核验"),
    "store_visit": Bilingual("a visit to one of our own stores with the document", "携带证件到自有营业厅办理"),
    "wait_period": Bilingual("wait", "等待期"),
}


def masked(number: str | None, token: str) -> str:
    """Return a number of which the middle is hidden; where the plain one is gone, the beginning of its token."""
    if number is None or len(number) <= LEFT_OF_A_NUMBER + RIGHT_OF_A_NUMBER:
        return f"{token[:9]}…"
    hidden = "*" * (len(number) - LEFT_OF_A_NUMBER - RIGHT_OF_A_NUMBER)
    return f"{number[:LEFT_OF_A_NUMBER]}{hidden}{number[-RIGHT_OF_A_NUMBER:]}"


def asked_of(found: Found, number: str | None) -> Asked:
    """Return what is asked."""
    request, facts = found.logged.request, found.logged.facts
    subscriber, account = request.subscriber, request.account
    return Asked(
        screening_id=found.screening_id,
        request_id=request.request_id,
        at_ms=found.created_ms,
        action=request.action,
        channel=request.channel,
        reason=request.reason,
        role=request.requester.role,
        line_masked=masked(number, subscriber.msisdn),
        line_token=subscriber.msisdn,
        number_province=facts.number_province,
        home_province=subscriber.home_province,
        handling_province=subscriber.handling_province,
        tenure_days=account.tenure_days,
        premium_tier=account.premium_tier,
        linked_services=account.linked_services,
        prepaid_balance_fen=account.prepaid_balance_fen,
        obligations=tuple(
            Sentence(code=owed.code, en=owed.en, zh=owed.zh) for owed in found.kept.answer.eligibility.obligations
        ),
        fields=tuple(Field(path, value) for path, value in _flat("", msgspec.to_builtins(request))),
    )


def why_of(
    kept: KeptAnswer, contributions: Sequence[Contribution], policy: Policy, catalogue: Catalogue, *, risk: bool
) -> Why:
    """Return why it was stopped; without `risk` neither the probability nor what the signals added."""
    answer, workings = kept.answer, kept.workings
    return Why(
        decision=answer.decision,
        reasons=answer.reasons,
        probability=answer.risk.probability if risk and answer.risk else None,
        score=answer.risk.score if risk and answer.risk else None,
        bars=tuple(_bar(found, catalogue) for found in contributions) if risk else (),
        rules=rules_of(kept, policy),
        factors=_factors(kept),
        evidence=workings.evidence,
        missing=answer.degraded.missing,
        failed=answer.degraded.failed,
        model=answer.versions.model,
        policy=answer.versions.policy,
        enforced=answer.enforced,
    )


def rules_of(kept: KeptAnswer, policy: Policy) -> tuple[RuleShown, ...]:
    """Return the rules that were hit, then those that could not be told, with the words of the policy in force."""
    known = {rule.name: rule for rule in policy.rules}
    states = [(name, "hit") for name in kept.workings.hits] + [(name, "unknown") for name in kept.workings.unknown]
    shown: list[RuleShown] = []
    for name, state in states:
        rule = known.get(name)
        shown.append(
            RuleShown(
                name=name,
                state="hit" if state == "hit" else "unknown",
                kind="" if rule is None else rule.kind,
                then="" if rule is None else rule.then,
                why="" if rule is None else rule.why,
                runbook=Bilingual("", "") if rule is None else Bilingual(rule.runbook_en, rule.runbook),
                known=rule is not None,
            )
        )
    return tuple(shown)


def steps_of(rules: Iterable[RuleShown], answer: Answer) -> tuple[Step, ...]:
    """Return what to do next: the runbooks of the rules that were hit, then the ways on that are open."""
    books = [Step(source=rule.name, words=rule.runbook) for rule in rules if rule.state == "hit" and rule.known]
    ways = answer.challenge.any_of if answer.challenge else ()
    return (*books, *(Step(source=" + ".join(way), words=_way(way)) for way in ways))


def peers_of(row: Mapping[str, Value], others: Mapping[str, list[Value]], catalogue: Catalogue) -> tuple[Peers, ...]:
    """Return where this request stands among others, signal by signal."""
    return tuple(_peers(name, row.get(name), values, catalogue) for name, values in others.items())


def places_of(logged: LoggedScreening) -> tuple[PlaceShown, ...]:
    """Return the places of a request, each at the capital of its province; positions themselves are not kept."""
    subscriber, facts = logged.request.subscriber, logged.facts
    named = {
        "number": facts.number_province,
        "home": subscriber.home_province,
        "handling": subscriber.handling_province,
        "visited": logged.request.location.visited_province,
        "requester": facts.requester_province,
        "ip": facts.ip_province,
    }
    return tuple(
        PlaceShown(
            what=what,
            province=code,
            zh=BY_CODE[code].zh,
            latitude=BY_CODE[code].latitude,
            longitude=BY_CODE[code].longitude,
        )
        for what, code in named.items()
        if code in BY_CODE and code is not None
    )


def number_in(row: Mapping[str, Value], name: str) -> float | None:
    """Return a signal that is a number."""
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else None


def _bar(found: Contribution, catalogue: Catalogue) -> Bar:
    signal = catalogue.signals.get(found.feature)
    return Bar(
        feature=found.feature,
        zh=found.feature if signal is None else signal.zh,
        why="" if signal is None else signal.why,
        value=found.value,
        log_odds=found.log_odds,
    )


def _factors(kept: KeptAnswer) -> tuple[FactorShown, ...]:
    ways = kept.answer.challenge.any_of if kept.answer.challenge else ()
    offered = {factor for way in ways for factor in way}
    return tuple(
        FactorShown(
            factor=factor,
            shown=factor in kept.workings.evidence,
            offered=factor in offered,
            spoiled_by=tuple(kept.workings.spoiled.get(factor, ())),
        )
        for factor in FACTORS
    )


def _way(way: Sequence[str]) -> Bilingual:
    words = [FACTOR_WORDS.get(factor, Bilingual(factor, factor)) for factor in way]
    return Bilingual(" and ".join(word.en for word in words), "，并".join(word.zh for word in words))


def _peers(name: str, value: Value, others: Sequence[Value], catalogue: Catalogue) -> Peers:
    signal = catalogue.signals.get(name)
    numbers = sorted(float(other) for other in others if isinstance(other, int | float))
    words = [other for other in others if isinstance(other, str)]
    shares = {word: words.count(word) / len(words) for word in set(words)}
    below = None
    if numbers and isinstance(value, int | float):
        below = sum(number < value for number in numbers) / len(numbers)
    return Peers(
        feature=name,
        zh=name if signal is None else signal.zh,
        value=value,
        count=len(numbers) + len(words),
        quantiles=tuple(numbers[round(share * (len(numbers) - 1))] for share in QUANTILES) if numbers else (),
        shares=tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0]))),
        below=below,
    )


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - plain values of any depth
    """Yield everything that was said, by its path; a list is one value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        yield path, msgspec.json.encode(value).decode()
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
