using System.Collections.Immutable;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Dealing;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>What the history that all islands share says of a round's islands.</summary>
public sealed class RunHistoryTests
{
    private const ulong First = 0b01;
    private const ulong Both = 0b11;

    private static readonly SyncSpecification _sync = new() { Mode = SyncMode.Diloco, Every = 2 };
    private static readonly BudgetSpecification _budget = new() { Steps = 20 };

    [Fact]
    public void Island_is_heard_where_the_round_has_its_contribution()
    {
        var history = Begun();
        history.Commit(Decide(history, Header(history), Header(history)), 1, Both);

        Heard(history).ShouldBe([true, true]);
    }

    [Fact]
    public void Island_that_was_no_member_of_the_rounds_epoch_is_not_heard_though_nobody_refused_it()
    {
        var history = Begun();
        history.Commit(Decide(history, Header(history), Header(history)), 1, Both);
        history.Commit(Decide(history, Header(history), null), 2, First);

        history.RefusedLast.ShouldBe(0UL);
        Heard(history).ShouldBe([true, false]);
        Heard(RunHistory.FromBytes(history.ToBytes(), 2, _sync, _budget).ShouldNotBeNull()).ShouldBe([true, false], "whoever takes the result from a peer goes by this");
    }

    [Fact]
    public void Member_whose_contribution_was_refused_is_not_heard_and_is_again_with_the_next()
    {
        var history = Begun();
        history.Commit(Decide(history, Header(history), Header(history) with { LossSum = double.NaN }), 1, Both);
        Heard(history).ShouldBe([true, false]);

        history.Commit(Decide(history, Header(history), Header(history)), 2, Both);
        Heard(history).ShouldBe([true, true]);
    }

    private static RunHistory Begun()
    {
        var history = new RunHistory(2, _sync, _budget);
        var declaration = new DataDeclaration(1_000, 4, "corpus");
        history.Begin([declaration, declaration], Both, 0);
        return history;
    }

    private static bool[] Heard(RunHistory history) => [history.HeardLast(0), history.HeardLast(1)];

    private static RoundDecision Decide(RunHistory history, params ContributeMessage?[] headers) => RoundDecision.Of(headers, SyncMode.Diloco, history.Norms, 10);

    private static ContributeMessage Header(RunHistory history) => new()
    {
        Round = history.Round, Mode = SyncMode.Diloco, BaseHash = 5, Steps = 2, Tokens = 8, LossSum = 1, SpanSteps = 2, SpanTokens = 8, SquaredNorms = ImmutableArray.Create(1.0, 1.0),
    };
}
