using Superfactory.Sync.Merging.Rounds;
using Superfactory.Sync.Merging.Transfer;

namespace Superfactory.Sync.Merging.Lanes;

/// <summary>
/// What the machine of one lane knows of the other lanes of its island. Each lane merges its own parameters with the same lane of the other islands;
/// what they share is the island's: one header of its contribution, the same in each lane, and one moment from which on the island holds a
/// result, when all its lanes have everything of it. <c>docs/protocol.md</c> has the argument.
/// </summary>
internal sealed class IslandLanes(MergeState state)
{
    private readonly LaneStatus?[] _heard = new LaneStatus?[state.Configuration.Lanes];
    private readonly LaneStatus?[] _ofEpoch = new LaneStatus?[state.Configuration.Lanes];
    private LaneContribution? _own;
    private LaneStatus? _told;
    private int _fragments;
    private (int Epoch, long Round) _ready = (0, -1);
    private bool _over;

    /// <summary>Lanes of the run; one where the model is merged as a whole.</summary>
    public int Count => state.Configuration.Lanes;

    /// <summary>Whether there is more than one.</summary>
    public bool Any => Count > 1;

    /// <summary>The result of the current round as a peer gave it, kept until the other lanes have it too; null where there is none.</summary>
    public ArrivedState? Held { get; private set; }

    /// <summary>Whether every other lane has said how many fragments it has.</summary>
    public bool Registered => Others().All(status => status is { Fragments: > 0 });

    /// <summary>Fragments over all lanes.</summary>
    public int Fragments => _fragments + Others().Sum(status => status?.Fragments ?? 0);

    /// <summary>Fragments of the lanes before this one: where its own begin among the run's.</summary>
    public int FragmentsBefore { get; private set; }

    /// <summary>Whether everything of the current round's result is here, and the other lanes were told so.</summary>
    public bool IsReady => Any && _ready == (state.Epoch.Number, state.History.Round);

    /// <summary>Whether every lane of the island has everything of the current round's result.</summary>
    public bool AllReady
    {
        get
        {
            for (var lane = 0; lane < Count && IsReady; lane++)
            {
                if (lane != state.Configuration.Lane && !IsReadyIn(_heard[lane]) && !IsReadyIn(_ofEpoch[lane]))
                {
                    return false;
                }
            }

            return IsReady;
        }
    }

    /// <summary>Whether every other lane knows that the run is over everywhere.</summary>
    public bool AllOver => Others().All(status => status is { Over: true });

    /// <summary>Takes what another lane says.</summary>
    public void Hear(LaneStatus status)
    {
        if (status.Lane >= 0 && status.Lane < Count && status.Lane != state.Configuration.Lane)
        {
            _heard[status.Lane] = status;
            if (status.Epoch <= state.Epoch.Number)
            {
                // A lane that is in the next epoch already says no longer what it was ready for in this one.
                _ofEpoch[status.Lane] = status;
            }
        }
    }

    /// <summary>This lane's trainer registered.</summary>
    public void Register(int fragments) => _fragments = fragments;

    /// <summary>All lanes have registered: sizes are known from here on.</summary>
    public void Place() => FragmentsBefore = _heard.Take(state.Configuration.Lane).Sum(status => status!.Fragments);

    /// <summary>This lane's trainer contributed.</summary>
    public void Contribute(ContributeMessage header) => _own = new LaneContribution
    {
        Round = header.Round,
        BaseHash = header.BaseHash,
        Steps = header.Steps,
        Tokens = header.Tokens,
        LossSum = header.LossSum,
        NonFinite = header.NonFinite,
        NonFiniteFragment = header.NonFiniteFragment,
        SquaredNorms = header.SquaredNorms,
    };

    /// <summary>The island's header, the same in every lane; null before all of them have contributed to the round.</summary>
    public ContributeMessage? Header(ContributeMessage own)
    {
        var parts = new LaneContribution[Count];
        for (var lane = 0; lane < Count; lane++)
        {
            var part = lane == state.Configuration.Lane ? _own : _heard[lane]?.Contribution;
            if (part?.Round != own.Round)
            {
                return null;
            }

            if (part.Steps != own.Steps || part.Tokens != own.Tokens || !part.LossSum.Equals(own.LossSum))
            {
                state.Fail($"Lane {lane} of {state.NameOf(state.Self)} contributes {part.Steps} steps, {part.Tokens} tokens and a loss of {part.LossSum:R} to round {own.Round}, where lane {state.Configuration.Lane} contributes {own.Steps}, {own.Tokens} and {own.LossSum:R}.", retriable: true);
                return null;
            }

            parts[lane] = part;
        }

        return Join(own, parts);
    }

    /// <summary>Everything of the current round's result is here.</summary>
    public void Ready() => _ready = (state.Epoch.Number, state.History.Round);

    /// <summary>A peer gave the current round's result whole.</summary>
    public void Hold(ArrivedState arrived)
    {
        Held = arrived;
        Ready();
    }

    /// <summary>Takes what a peer gave; null where there is nothing.</summary>
    public ArrivedState? TakeHeld()
    {
        var held = Held;
        Held = null;
        return held;
    }

    /// <summary>This lane knows that the run is over at every island.</summary>
    public void Over() => _over = true;

    /// <summary>Tells the other lanes how far this one is, where that has changed.</summary>
    public void Tell()
    {
        if (!Any)
        {
            return;
        }

        var status = new LaneStatus
        {
            Lane = state.Configuration.Lane,
            Epoch = state.Epoch.Number,
            Round = state.Initialised ? state.History.Round : -1,
            Fragments = _fragments,
            Contribution = _own,
            Ready = _ready.Epoch == state.Epoch.Number ? _ready.Round : -1,
            Over = _over,
        };
        if (status != _told)
        {
            // The contribution is compared by what its record holds, an array by where it lies: it is made once.
            _told = status;
            state.Emit(new MergeEffect.TellLanes(status));
        }
    }

    private bool IsReadyIn(LaneStatus? status) => status is not null
        && ((status.Epoch == state.Epoch.Number && status.Ready >= state.History.Round) || (status.Epoch >= state.Epoch.Number && status.Round > state.History.Round));

    private IEnumerable<LaneStatus?> Others() => _heard.Where((_, lane) => lane != state.Configuration.Lane);

    private int FragmentsOf(int lane) => lane == state.Configuration.Lane ? _fragments : _heard[lane]!.Fragments;

    private ContributeMessage Join(ContributeMessage own, LaneContribution[] parts)
    {
        var (nonFinite, first, before) = (0L, -1, 0);
        var hash = new ContentHash();
        for (var lane = 0; lane < parts.Length; lane++)
        {
            var part = parts[lane];
            nonFinite += part.NonFinite;
            first = first < 0 && part.NonFiniteFragment >= 0 ? before + part.NonFiniteFragment : first;
            before += FragmentsOf(lane);
            hash.Append(BitConverter.GetBytes(part.BaseHash));
        }

        return own with
        {
            BaseHash = hash.Finish(),
            NonFinite = nonFinite,
            NonFiniteFragment = first,
            SquaredNorms = nonFinite == 0 ? [.. parts.SelectMany(part => part.SquaredNorms)] : [],
        };
    }
}
