using System.Collections.Immutable;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>Collects how each island draws its samples, lets dealing begin when all have said so, and tells the trainer its share.</summary>
internal sealed class SampleDealing(MergeState state, TrainerSeat seat)
{
    private readonly DeclareMessage?[] _declared = new DeclareMessage?[state.Count];
    private bool _trainerWaits;

    /// <summary>Whether an island has said how it draws samples.</summary>
    public bool HasDeclared(int island) =>
        (state.History.Begun && (state.History.Ledger is null || state.History.Declarations[island] is not null)) || _declared[island] is not null;

    /// <summary>This island's trainer says how it draws samples; null where it does not.</summary>
    public void Declare(DataDeclaration? data)
    {
        if (data is { Count: < 1 } or { Batch: < 1 })
        {
            state.Fail($"The trainer of {state.NameOf(state.Self)} declares a dataset of {data.Count} samples in batches of {data.Batch}; both must be at least 1.");
            return;
        }

        if (data is not null && System.Text.Encoding.UTF8.GetByteCount(data.Dataset) > MergeLimits.DatasetBytesMax)
        {
            state.Fail($"The trainer of {state.NameOf(state.Self)} identifies its dataset by more than {MergeLimits.DatasetBytesMax} bytes.");
            return;
        }

        var message = new DeclareMessage { Tracked = data is not null, Count = data?.Count ?? 0, Batch = data?.Batch ?? 0, Dataset = data?.Dataset ?? string.Empty };
        _trainerWaits = data is not null;
        Take(state.Self, message);
        foreach (var peer in state.Peers)
        {
            Resend(peer);
        }
    }

    /// <summary>The trainer is lost; what its island declared stands.</summary>
    public void LoseTrainer() => _trainerWaits = false;

    /// <summary>Takes an island's declaration; one that differs from what it said before fails the run.</summary>
    public void Take(int island, DeclareMessage message)
    {
        var before = Known(island) ?? _declared[island];
        if (before is not null && !Same(before, message))
        {
            state.Fail($"The trainer of {state.NameOf(island)} now {Describe(message)}, where before it {Describe(before)}.");
        }

        _declared[island] = message;
        if (state.History.Ledger is not null && Admitted(island) is { } other)
        {
            CheckAlike(island, message, other.Island, other.Message);
        }
    }

    /// <summary>Whether every member that was not there at the history's beginning has given its word.</summary>
    public bool CanAdmit()
    {
        for (var island = 0; island < state.Count && state.History.Ledger is not null; island++)
        {
            if (IsNew(island) && _declared[island] is not { Tracked: true })
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Lets the history know of them, with the round that is committed now and not before: the next epoch may be without them, and the history that
    /// its members agree on knows nothing of them then.
    /// </summary>
    public void Admit()
    {
        for (var island = 0; island < state.Count && state.History.Ledger is not null; island++)
        {
            if (IsNew(island) && _declared[island] is { Tracked: true } declared)
            {
                state.History.Admit(island, new DataDeclaration(declared.Count, declared.Batch, declared.Dataset));
            }
        }
    }

    private bool IsNew(int island) => state.IsMember(island) && state.History.Declarations[island] is null;

    /// <summary>An island was started again without its memory: before the first deal it may declare anew.</summary>
    public void Forget(int island) => _declared[island] = null;

    /// <summary>Sends the peer what this island declared.</summary>
    public void Resend(Peer peer)
    {
        if (peer.Established && _declared[state.Self] is { } own)
        {
            state.Send(peer, own);
        }
    }

    /// <summary>Begins to deal when all have declared, and answers the trainer.</summary>
    public void TryDeal()
    {
        if (state is not { IsCurrent: true, Sealed: false })
        {
            return;
        }

        if (!state.History.Begun && state.Fellows.All(fellow => _declared[fellow.Index] is not null) && _declared[state.Self] is not null)
        {
            TryBegin();
        }

        if (_trainerWaits && state is { Failed: false, History.Begun: true })
        {
            _trainerWaits = false;
            seat.Told = seat.Turn();
            state.Emit(new MergeEffect.Deal(state.History.SamplesOf(state.Self), seat.Told, state.History.FollowingSamplesOf(state.Self)));
        }
    }

    private void TryBegin()
    {
        var first = _declared[state.First]!;
        for (var island = state.First + 1; island < state.Count; island++)
        {
            if (state.IsMember(island) && !CheckAlike(island, _declared[island]!, state.First, first))
            {
                return;
            }
        }

        var data = first.Tracked ? new DataDeclaration(first.Count, first.Batch, first.Dataset) : null;
        if (state.History.Carried?.Difference(data) is { } difference)
        {
            state.Fail($"The run cannot go on from its checkpoint: {difference}.");
            return;
        }

        if (!first.Tracked && state.Configuration.Budget.Steps == 0)
        {
            state.Fail("The job's budget counts samples, but its loop does not draw them from the run: call run.samples(…) or give budget.steps.");
            return;
        }

        state.History.Begin(
            [.. _declared.Select((declared, island) => state.IsMember(island) && declared!.Tracked ? new DataDeclaration(declared.Count, declared.Batch, declared.Dataset) : null)],
            state.Members,
            state.MembersSince - 1);
    }

    /// <summary>What the history says of an island; null where it says nothing.</summary>
    private DeclareMessage? Known(int island)
    {
        if (!state.History.Begun)
        {
            return null;
        }

        return state.History.Ledger is null ? new DeclareMessage { Tracked = false } : Of(island);
    }

    private DeclareMessage? Of(int island) => state.History.Declarations[island] is { } data
        ? new DeclareMessage { Tracked = true, Count = data.Count, Batch = data.Batch, Dataset = data.Dataset }
        : null;

    /// <summary>Another island that the history knows of; null where it knows this one.</summary>
    private (int Island, DeclareMessage Message)? Admitted(int island)
    {
        for (var other = 0; other < state.Count && state.History.Declarations[island] is null; other++)
        {
            if (Of(other) is { } message)
            {
                return (other, message);
            }
        }

        return null;
    }

    private bool CheckAlike(int island, DeclareMessage message, int first, DeclareMessage expected)
    {
        if (message.Tracked == expected.Tracked && message.Count == expected.Count && message.Dataset == expected.Dataset)
        {
            return true;
        }

        state.Fail($"The trainer of {state.NameOf(island)} {Describe(message)}, where that of {state.NameOf(first)} {Describe(expected)}: islands must draw from the same data in the same way.");
        return false;
    }

    private static bool Same(DeclareMessage one, DeclareMessage other) =>
        one.Tracked == other.Tracked && one.Count == other.Count && one.Batch == other.Batch && one.Dataset == other.Dataset;

    private static string Describe(DeclareMessage message) => message.Tracked
        ? $"draws batches of {message.Batch} from {message.Count} samples of '{message.Dataset}'"
        : "does not draw its samples from the run";
}
