using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;
using Superfactory.Sync.Merging.Lanes;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>What one island's lanes cut together.</summary>
internal sealed record LaneCheckpoint(int Island, CheckpointState[] Lanes)
{
    /// <summary>Islands that have a copy where a run goes on from it; null for all.</summary>
    public int[]? At { get; init; }
}

/// <summary>Checkpoints of a run in lanes: each first lane asks for one whenever it can, and writing takes its time.</summary>
internal sealed partial class LaneSimulation
{
    private readonly LaneCheckpoint? _from;
    private readonly LaneCuts[][] _cuts;
    private readonly Dictionary<(int Island, int Lane), CheckpointState> _parts = [];

    /// <summary>Whether checkpoints are cut.</summary>
    public bool Cuts { get; init; }

    /// <summary>Whether a first lane asks also where it has said that it is ready: a mistake that the checks must find.</summary>
    public bool AsksTooLate { get; init; }

    public List<LaneCheckpoint> Checkpoints { get; } = [];

    /// <summary>Why checkpoints could not be.</summary>
    public List<string> Missed { get; } = [];

    private LaneCuts NewCuts(int island, int lane) => new(lane, _lanes, cut => Say(island, lane, cut));

    private void Say(int island, int lane, object said)
    {
        for (var other = 0; other < _lanes; other++)
        {
            if (other != lane)
            {
                _said[island][(lane * _lanes) + other].Enqueue(said);
                _sayings[island][(lane * _lanes) + other]++;
            }
        }
    }

    private void Hear(int island, int lane, object said)
    {
        if (said is LaneStatus status)
        {
            Handle(island, lane, new MergeInput.LaneSaid(status));
            return;
        }

        _cuts[island][lane].Hear((LaneCut)said);
        Cut(island, lane);
        Join(island);
    }

    private void Cut(int island, int lane)
    {
        var (machine, cuts) = (_machines[island][lane], _cuts[island][lane]);
        cuts.PassBy(machine.Round);
        if (!Cuts || !machine.CanCut || machine.Round == 0 || !(cuts.IsFirst ? !cuts.IsUnderWay && (AsksTooLate || !machine.IsReadyInLane) : cuts.IsAskedFor(machine.Round)))
        {
            return;
        }

        _parts[(island, lane)] = machine.Cut(new CheckpointMemory());
        if (cuts.IsFirst)
        {
            cuts.Ask(machine.Round, held: false);
        }
        else
        {
            cuts.Cut();
        }

        _reports.Add(() =>
        {
            if (_cuts[island][lane] == cuts)
            {
                cuts.Wrote(failure: null);
                Join(island);
            }
        });
    }

    private void Join(int island)
    {
        var first = _cuts[island][0];
        if (!first.IsAnswered)
        {
            return;
        }

        if (first.Failure is { } why)
        {
            Missed.Add(why);
        }
        else
        {
            Checkpoints.Add(new LaneCheckpoint(island, Each(_lanes, lane => _parts[(island, lane)])));
        }

        first.Settle();
    }
}
