using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Gangs;
using Superfactory.Site.Tests.Support;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Site.Tests.Gangs;

public sealed class GangMachineTests
{
    private static readonly ProcessEnd Good = new(0, string.Empty);
    private static readonly ProcessEnd Crash = new(1, "RuntimeError: out of memory");

    [Fact]
    public void Trainers_start_when_the_bridge_is_ready_and_not_before()
    {
        var machine = Machine(processes: 2);

        machine.Begin().ShouldBe([new GangEffect.SetDeadline(GangMachine.BridgeReadyLimit)]);
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Note("hello"))).ShouldBe([new GangEffect.Say("hello")]);
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Ready())).ShouldBe([new GangEffect.SetDeadline(null), new GangEffect.StartTrainers(0)]);
    }

    [Fact]
    public void What_a_lane_says_of_a_checkpoint_is_told_the_other_lanes()
    {
        var cut = new LaneCut { Lane = 1, Step = LaneCutStep.Written, Round = 3 };

        Machine().Handle(new GangInput.BridgeSaid(new BridgeEvent.CutLanes(cut), Lane: 1)).ShouldBe([new GangEffect.TellBridge(new BridgeCommand.LaneCutSaid(cut), Except: 1)]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Result_may_take_as_long_as_the_last_checkpoint_does(bool before)
    {
        var machine = Training();
        var (saving, ended) = (new GangInput.BridgeSaid(new BridgeEvent.Saving()), new GangInput.TrainerEnded(0, 0, Good));

        if (before)
        {
            machine.Handle(saving).ShouldBeEmpty();
            machine.Handle(ended).ShouldBeEmpty();
        }
        else
        {
            machine.Handle(ended).ShouldBe([new GangEffect.SetDeadline(GangMachine.ResultLimit)]);
            machine.Handle(saving).ShouldBe([new GangEffect.SetDeadline(null)]);
        }
    }

    [Fact]
    public void A_bridge_that_is_never_ready_fails_the_gang_which_may_be_tried_again()
    {
        var failed = Failure(Machine().Handle(new GangInput.DeadlinePassed()));

        failed.Reason.ShouldBe("The bridge of island atlanta was not ready within 60 s.");
        failed.Retriable.ShouldBeTrue();
    }

    [Fact]
    public void A_bridge_that_cannot_read_its_configuration_is_not_tried_again()
    {
        Failure(Machine().Handle(new GangInput.BridgeEnded(new ProcessEnd(2, "no such field.")))).ShouldBe(
            new GangEvent.Failed("The bridge of island atlanta ended with exit code 2: no such field.", Retriable: false));
    }

    [Fact]
    public void A_crash_is_held_back_until_the_bridge_had_its_say()
    {
        var machine = Training();

        machine.Handle(new GangInput.TrainerEnded(0, 0, Crash)).ShouldBe([new GangEffect.SetDeadline(GangMachine.SettleTime)]);
        var failed = Failure(machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Failed("atlanta registers 'x' [3] where wisconsin registers 'x' [4].", false))));

        failed.Reason.ShouldBe("atlanta registers 'x' [3] where wisconsin registers 'x' [4].");
        machine.Handle(new GangInput.DeadlinePassed()).ShouldBeEmpty();
    }

    [Fact]
    public void A_crash_ends_all_trainers_before_the_bridge_hears_and_new_ones_start()
    {
        var machine = Training(processes: 2);
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Progress(new RunProgress { Steps = 9 })));
        machine.Handle(new GangInput.TrainerEnded(0, 1, Crash));

        var effects = machine.Handle(new GangInput.DeadlinePassed()).ToList();

        effects.Select(effect => effect.GetType().Name).ShouldBe(["SetDeadline", "Say", "EndTrainers", "TellBridge", "Tell", "StartTrainers"]);
        effects[1].ShouldBe(new GangEffect.Say(
            "Trainer 1 of island atlanta ended with exit code 1 at step 9: RuntimeError: out of memory. All trainers of the island are started again (1 of at most 2 times)."));
        effects[3].ShouldBe(new GangEffect.TellBridge(new BridgeCommand.TrainerLost()));
        effects[5].ShouldBe(new GangEffect.StartTrainers(1));
    }

    [Fact]
    public void What_trainers_of_an_earlier_start_do_is_of_no_account()
    {
        var machine = Training(processes: 2);
        machine.Handle(new GangInput.TrainerEnded(0, 1, Crash));
        machine.Handle(new GangInput.DeadlinePassed());

        machine.Handle(new GangInput.TrainerEnded(0, 0, new ProcessEnd(137, string.Empty))).ShouldBeEmpty();
    }

    [Fact]
    public void A_job_that_allows_no_restart_fails_with_the_first_crash()
    {
        var machine = Training(restartsMax: 0);
        machine.Handle(new GangInput.TrainerEnded(0, 0, new ProcessEnd(139, string.Empty)));

        Failure(machine.Handle(new GangInput.DeadlinePassed())).ShouldBe(new GangEvent.Failed("The trainer of island atlanta was ended by SIGSEGV.", Retriable: false));
    }

    [Fact]
    public void A_trainer_that_ends_well_before_the_run_is_over_is_a_fault_of_the_loop()
    {
        var machine = Training();
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Progress(new RunProgress { Steps = 4 })));

        machine.Handle(new GangInput.TrainerEnded(0, 0, Good)).ShouldBe([new GangEffect.SetDeadline(GangMachine.ResultLimit)]);
        var failed = Failure(machine.Handle(new GangInput.DeadlinePassed()));

        failed.Reason.ShouldBe("The trainer of island atlanta ended before the run was over at step 4: its loop must go on until run.finished is true, and then call run.finish().");
        failed.Retriable.ShouldBeFalse();
    }

    [Fact]
    public void A_rank_that_ends_well_before_rank_0_is_no_fault()
    {
        var machine = Training(processes: 2);

        machine.Handle(new GangInput.TrainerEnded(0, 1, Good)).ShouldBeEmpty();
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Finished(ScriptedBridge.Result)));
        machine.Handle(new GangInput.TrainerEnded(0, 0, Good)).ShouldBe([new GangEffect.End(new GangEvent.Finished(ScriptedBridge.Result), false)]);
    }

    [Fact]
    public void A_result_that_comes_after_the_trainers_end_still_counts()
    {
        var machine = Training();
        machine.Handle(new GangInput.TrainerEnded(0, 0, Good));

        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Finished(ScriptedBridge.Result)))
            .ShouldBe([new GangEffect.End(new GangEvent.Finished(ScriptedBridge.Result), false)]);
    }

    [Fact]
    public void A_trainer_that_fails_after_the_run_is_over_does_not_spoil_the_result()
    {
        var machine = Training();
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Finished(ScriptedBridge.Result))).ShouldBe([new GangEffect.SetDeadline(GangMachine.TrainerExitLimit)]);
        machine.Handle(new GangInput.BridgeEnded(Good)).ShouldBeEmpty();

        var effects = machine.Handle(new GangInput.TrainerEnded(0, 0, Crash)).ToList();

        effects[0].ShouldBeOfType<GangEffect.Say>().Text.ShouldEndWith("RuntimeError: out of memory, after the run was over.");
        effects[1].ShouldBe(new GangEffect.End(new GangEvent.Finished(ScriptedBridge.Result), false));
    }

    [Fact]
    public void Trainers_that_never_end_do_not_hold_the_result_back_for_ever()
    {
        var machine = Training();
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Finished(ScriptedBridge.Result)));

        machine.Handle(new GangInput.DeadlinePassed()).Last().ShouldBe(new GangEffect.End(new GangEvent.Finished(ScriptedBridge.Result), false));
    }

    [Fact]
    public void Stopping_tells_the_bridge_and_asks_the_trainers_first()
    {
        Training().Handle(new GangInput.Commanded(new GangCommand.Stop())).ShouldBe(
            [new GangEffect.TellBridge(new BridgeCommand.Stop()), new GangEffect.End(new GangEvent.Stopped(), Ask: true)]);
    }

    [Fact]
    public void A_lost_agent_ends_the_gang_without_a_word_and_without_asking()
    {
        Training().Handle(new GangInput.AgentGone()).ShouldBe([new GangEffect.End(null, Ask: false)]);
    }

    [Fact]
    public void Nothing_follows_the_end()
    {
        var machine = Training();
        machine.Handle(new GangInput.Commanded(new GangCommand.Stop()));

        GangInput[] inputs =
        [
            new GangInput.BridgeSaid(new BridgeEvent.Ready()), new GangInput.BridgeEnded(Good), new GangInput.TrainerEnded(0, 0, Crash),
            new GangInput.DeadlinePassed(), new GangInput.Commanded(new GangCommand.Stop()), new GangInput.AgentGone(),
        ];
        inputs.ShouldAllBe(input => !machine.Handle(input).Any());
    }

    [Fact]
    public void A_gang_of_a_role_has_no_bridge_and_is_done_when_all_its_processes_have_ended_well()
    {
        var machine = OfRole(processes: 2);

        machine.Begin().ShouldBe([new GangEffect.StartTrainers(0), new GangEffect.Tell(new GangEvent.Running())]);
        machine.Handle(new GangInput.TrainerEnded(0, 0, Good)).ShouldBeEmpty();
        machine.Handle(new GangInput.TrainerEnded(0, 1, Good)).ShouldBe([new GangEffect.End(new GangEvent.Finished(null), false)]);
    }

    [Fact]
    public void A_gang_of_a_role_that_crashes_is_started_again_as_often_as_the_job_allows()
    {
        var machine = OfRole(processes: 1);
        machine.Begin();
        machine.Handle(new GangInput.TrainerEnded(0, 0, Crash)).ShouldBe([new GangEffect.SetDeadline(GangMachine.SettleTime)]);
        machine.Handle(new GangInput.DeadlinePassed()).ShouldContain(new GangEffect.StartTrainers(1));
        machine.Handle(new GangInput.TrainerEnded(1, 0, Crash));

        Failure(machine.Handle(new GangInput.DeadlinePassed())).Reason
            .ShouldBe("The process of role rollout at atlanta ended with exit code 1: RuntimeError: out of memory. It had been started again 1 times, as often as the job allows.");
    }

    private static GangMachine OfRole(int processes)
    {
        var job = GangFixture.Job("rollout") with { TrainerRestartsMax = 1, Island = new() { Processes = processes } };
        return new GangMachine(GangFixture.Assignment(job) with { Role = new RolePlace(1, "rollout", 2, 4) });
    }

    private static GangMachine Machine(int processes = 1, int restartsMax = 2)
    {
        var job = GangFixture.Job("ready", "train") with { TrainerRestartsMax = restartsMax, Island = new() { Processes = processes } };
        return new GangMachine(GangFixture.Assignment(job));
    }

    private static GangMachine Training(int processes = 1, int restartsMax = 2)
    {
        var machine = Machine(processes, restartsMax);
        machine.Handle(new GangInput.BridgeSaid(new BridgeEvent.Ready()));
        return machine;
    }

    private static GangEvent.Failed Failure(IEnumerable<GangEffect> effects) =>
        effects.ShouldHaveSingleItem().ShouldBeOfType<GangEffect.End>().Last.ShouldBeOfType<GangEvent.Failed>();
}
