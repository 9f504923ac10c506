"""--fail-on: whether an audit found so much that a pipeline shall end."""

from __future__ import annotations

from dataclasses import dataclass

from finops_lake.answers.amounts import Amount, read_amount
from finops_lake.answers.answer import Answer
from finops_lake.commands import exits
from finops_lake.commands.words import counted, say
from finops_lake.errors import InputError

SEVERITIES = ("high", "medium", "low")
WORDS = {"high": 1, "medium": 2, "low": 3, "any": 3}
"""How many of the severities, the gravest first, each word means."""


@dataclass(frozen=True)
class FailOn:
    """A limit of waste: severities of which one finding is enough, or a sum a month."""

    text: str
    severities: tuple[str, ...] = ()
    amount: Amount | None = None

    @classmethod
    def read(cls, text: str) -> FailOn:
        """Return the limit that a text means. Raises InputError with what is allowed."""
        word = text.strip().lower()
        if word in WORDS:
            return cls(word, SEVERITIES[: WORDS[word]])
        try:
            return cls(text.strip(), amount=read_amount("fail_on", text))
        except InputError as error:
            raise InputError("fail_on", text, f"allowed are {', '.join(WORDS)} or a sum such as '100 EUR'") from error

    def reached_by(self, answer: Answer) -> str | None:
        """Return what reaches the limit, in words; None: nothing does."""
        if self.amount is not None:
            for total in answer.totals:
                currency, saving = total["billing_currency"], total["monthly_saving"]
                if self.amount.currency in (None, currency) and saving >= self.amount.value:
                    return f"{saving:.2f} {currency} a month is wasted"
            return None
        grave = [one for one in answer.sections["checks"] if one["waste"] and one["severity"] in self.severities]
        if not grave:
            return None
        count = counted(sum(one["waste"] for one in grave), "finding")
        return f"{count} of {', '.join(one['check_name'] for one in grave)}"


def exit_code(answer: Answer, limit: FailOn) -> int:
    """Return how the audit ends, and say why it does not end well."""
    reached = limit.reached_by(answer)
    if reached is not None:
        say(f"--fail-on {limit.text}: {reached}.")
        return exits.FOUND
    if answer.scopes.missing:
        say(f"--fail-on {limit.text}: not reached by what could be read, and some of it could not be read.")
        return exits.PARTLY
    return exits.OK
