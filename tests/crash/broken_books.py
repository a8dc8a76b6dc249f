"""Books that are broken on purpose. Each lacks one precaution of the product's own."""

from __future__ import annotations

from cocoai.answer import Books
from cocoai.ledger.charge import NOTHING_PAID, PaidCall
from cocoai.spool.job import Job
from tests.crash.ledger import RATIO, TARIFF, SimulatedLedger, simulated_books
from tests.crash.services import Services


class TakesTheUnknownForFree(Books):
    """Takes a call of whose end nobody knows for one that was not run."""

    def settle_earlier(self, job: Job) -> None:
        for hold in self.ledger.open_holds(str(job.key)):
            self.ledger.settle(hold.key, hold.call, NOTHING_PAID)


class OneChargeForEachJob(SimulatedLedger):
    """Takes the charge of a job's earlier attempt for that of the next one, too."""

    def hold(self, call: PaidCall) -> int:
        is_known = any(each.key == call.key for each in self._services.outside.charges)
        return 1 if is_known else super().hold(call)


class SettlesTooEarly(SimulatedLedger):
    """Settles a call when it is held, by what such a call has cost before."""

    def hold(self, call: PaidCall) -> int:
        number = super().hold(call)
        self.settle(call.key, number, NOTHING_PAID)
        return number


def unknown_for_free(services: Services) -> Books:
    return TakesTheUnknownForFree(SimulatedLedger(services), TARIFF, RATIO, simulated_books(services).clock)


def one_charge_for_each_job(services: Services) -> Books:
    return Books(OneChargeForEachJob(services), TARIFF, RATIO, simulated_books(services).clock)


def settled_too_early(services: Services) -> Books:
    return Books(SettlesTooEarly(services), TARIFF, RATIO, simulated_books(services).clock)
