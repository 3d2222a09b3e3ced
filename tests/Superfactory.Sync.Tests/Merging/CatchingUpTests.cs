using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Tests.Merging.Virtual;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>What islands say to and believe of each other that are not equally far.</summary>
public sealed class CatchingUpTests
{
    [Fact]
    public void Round_that_nobody_has_worked_for_is_not_closed_without_the_late_island_that_was_dealt_its_samples()
    {
        var alone = 0;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = 3, Quorum = 1, Batches = [1, 1, 1], Every = 1, Fragments = 3, Budget = new BudgetSpecification { Samples = 37 } };
            new Simulation(scenario)
            {
                Disturb = simulation =>
                {
                    foreach (var machine in simulation.Machines.Where(machine => machine.State is { Initialised: true, Plan: not null }))
                    {
                        var headers = machine.Exchange.Current.Headers.OfType<ContributeMessage>().ToList();
                        var idle = headers.Count is > 0 and < 3 && headers.All(header => header.SpanSteps == 0);
                        alone += idle ? 1 : 0;
                        (machine.IsQuorate && idle).ShouldBeFalse($"seed {seed}: round {machine.Round} merges nothing");
                    }
                },
            }.Run().Failures.ShouldBeEmpty();
        }

        alone.ShouldBeGreaterThan(0, "in the last round not everybody has samples");
    }

    [Fact]
    public void Member_that_is_far_ahead_of_a_learner_breaks_no_rule()
    {
        var tried = 0;
        for (var seed = 1UL; seed <= 40 && tried == 0; seed++)
        {
            var scenario = new Scenario { Seed = seed, Islands = 3, Doubts = true, Faults = 12, Fragments = 3, Budget = new BudgetSpecification { Steps = 60 } };
            new Simulation(scenario)
            {
                Disturb = simulation =>
                {
                    var learner = simulation.Machines.FirstOrDefault(machine => machine.State is { SelfIsLearner: true, Initialised: true } && machine.State.Fellows.Any(fellow => fellow.Hears));
                    if (learner is null || tried > 0)
                    {
                        return;
                    }

                    tried++;
                    var state = learner.State;
                    var fellow = state.Fellows.First(fellow => fellow.Hears);
                    learner.Handle(new MergeInput.Received(fellow.Index, new AppliedMessage
                    {
                        Epoch = state.Epoch.Number, Incarnation = state.IncarnationOf(fellow.Index), Round = state.History.Round + 2, StateHash = 1,
                    }));
                    learner.FaultsOfPeers.ShouldBe(0);
                    throw new EnoughException();
                },
            }.RunUntil<EnoughException>();
        }

        tried.ShouldBe(1);
    }

    [Fact]
    public void Island_without_the_mean_of_a_round_does_not_offer_it()
    {
        var tried = false;
        var scenario = new Scenario { Seed = 3, Islands = 3, Mode = SyncMode.EveryStep, Fragments = 3 };
        new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var machine = simulation.Machines[1];
                if (tried || machine.State is not { Initialised: true, History.Round: 2 } || !machine.State.PeerAt(0).Hears)
                {
                    return;
                }

                tried = true;
                machine.State.Replica!.Mean = default;
                var effects = machine.Handle(new MergeInput.Received(0, new FetchMessage { Epoch = 1, Incarnation = 1, Kind = FetchKind.Result, Round = 2 }));
                effects.OfType<MergeEffect.Send>().Select(send => send.Message).OfType<OfferMessage>().ShouldHaveSingleItem().Available.ShouldBeFalse();
                throw new EnoughException();
            },
        }.RunUntil<EnoughException>();

        tried.ShouldBeTrue();
    }

    [Theory]
    [InlineData(2, "What the trainer of island-1 gave for round 0 came too late: epoch 2 began before the first merge, and all samples are dealt anew.")]
    [InlineData(3, null)]
    public void Work_before_the_first_merge_stands_in_an_epoch_of_the_same_members_and_is_said_to_be_late_in_one_of_others(int members, string? note)
    {
        List<string> notes = [];
        var stands = false;
        var scenario = new Scenario { Seed = 5, Islands = 3 };
        new Simulation(scenario)
        {
            Disturb = simulation =>
            {
                var machine = simulation.Machines[1];
                if (machine.State.History.Round > 0 || machine.Exchange is not { IsPrepared: true, Own.Header.Steps: > 0 })
                {
                    return;
                }

                var epoch = machine.State.Epoch;
                var next = epoch with { Number = epoch.Number + 1, Members = [.. epoch.Members.Take(members)], Start = 0 };
                MergeInput[] inputs = [new MergeInput.EpochChanged(epoch with { Sealed = true, Change = 1 }), new MergeInput.PromiseKept(epoch.Number), new MergeInput.EpochChanged(next)];
                notes.AddRange(inputs.SelectMany(machine.Handle).OfType<MergeEffect.Note>().Select(note => note.Text));
                stands = machine.Exchange is { Own.Header.Steps: > 0 };
                throw new EnoughException();
            },
        }.RunUntil<EnoughException>();

        notes.ShouldBe(note is null ? [] : [note]);
        stands.ShouldBe(note is null);
    }

    internal sealed class EnoughException : Exception;
}

/// <summary>Runs that end when something was tried.</summary>
file static class Runs
{
    public static void RunUntil<T>(this Simulation simulation)
        where T : Exception
    {
        try
        {
            simulation.Run();
        }
        catch (T)
        {
            // What was to be tried was tried.
        }
    }
}
