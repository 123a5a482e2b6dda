import torch

from humandiffusion.evaluation.recall import recall_at, same_text


def test_any_of_several_right_answers_counts() -> None:
    right = same_text(["red top", "blue hat"], ["blue hat", "red top", "blue hat"])
    assert right.tolist() == [[False, True, False], [True, False, True]]
    scores = torch.tensor([[0.9, 0.8, 0.1], [0.1, 0.9, 0.8]])
    assert recall_at(scores, right, 1) == 0.0
    assert recall_at(scores, right, 2) == 1.0


def test_a_query_without_a_right_answer_does_not_count() -> None:
    right = torch.tensor([[True, False], [False, False]])
    assert recall_at(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), right, 1) == 1.0
