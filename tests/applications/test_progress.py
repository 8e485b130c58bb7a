from applications import progress


def test_within_a_long_epoch_the_step_is_shown(capsys, monkeypatch):
    shown = progress.Progress("DANN, seed 0", epochs=3)
    shown.set_params({"steps": 7812})
    shown.on_epoch_begin(1)
    shown.on_train_batch_end(0)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(progress, "SECONDS", -1)
    shown.on_train_batch_end(4999)
    printed = capsys.readouterr().out
    assert "DANN, seed 0" in printed
    assert "epoch   2/3  step 5000/7812  0 s" in printed


def test_the_figures_of_an_epoch_are_shown(capsys):
    shown = progress.Progress("DANN, seed 0", epochs=2)
    shown.on_epoch_end(
        1,
        {
            "loss": 1.5,
            "accuracy": 0.25,
            "domain_loss": 0.693,
            "adaptation_factor": 0.5,
            "target_accuracy": 0.125,
            "source_accuracy": 0.75,
        },
    )
    assert capsys.readouterr().out.split("epoch", 1)[1] == (
        "   2/2  loss 1.500  accuracy 0.250  domain loss 0.693  λ 0.500  "
        "target 0.125  0 s\n"
    )
