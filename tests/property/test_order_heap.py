"""Goal: the heap of resting orders is a sorted list, only quicker. Method: do to both the same."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stockyard.engine.orders import Order, OrderHeap

OPERATIONS = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3)), max_size=120)


def order_of(order_id: int, rank: int) -> Order:
    order = Order(order_id, 1, 1, 1, 2, 2, 1, 1, 0, 1, "", 1)
    order.rank = rank
    return order


@given(OPERATIONS, st.randoms(use_true_random=False))
def test_the_heap_is_a_sorted_list(operations: list[tuple[int, int]], random: Random) -> None:
    """0 and 1 push; 2 removes: the best, or one from the middle."""
    heap, kept = OrderHeap(), []
    for number, (operation, rank) in enumerate(operations):
        if operation < 2:
            order = order_of(number, rank)
            heap.push(order)
            kept.append(order)
        elif kept:
            kept.sort(key=lambda each: (each.rank, each.order_id))
            order = kept.pop(0 if rank < 0 else random.randrange(len(kept)))
            heap.remove(order)
            assert order.heap_index == -1
        best = min(kept, key=lambda each: (each.rank, each.order_id), default=None)
        assert heap.best() is best
        assert len(heap) == len(kept)
    drained = []
    while (best := heap.best()) is not None:
        drained.append(best)
        heap.remove(best)
    assert drained == sorted(kept, key=lambda each: (each.rank, each.order_id))
