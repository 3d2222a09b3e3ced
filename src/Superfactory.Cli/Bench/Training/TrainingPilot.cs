using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge;

namespace Superfactory.Cli.Bench.Training;

/// <summary>
/// The control plane's part in a run that chooses its mode by itself: hears what the bridges measured, decides by the production rule, seals
/// the epoch and begins the next one. Safe for use by several threads.
/// </summary>
/// <param name="islands">The islands by name; all are members always.</param>
/// <param name="sync">How they merge.</param>
internal sealed class TrainingPilot(ImmutableArray<string> islands, SyncSpecification sync)
{
    // A bridge says something four times a second at most, and a decision takes no time.
    private readonly Channel<(int Island, BridgeEvent Event)> _heard = Channel.CreateBounded<(int, BridgeEvent)>(256);
    private readonly IslandMeasurement?[] _measured = new IslandMeasurement?[islands.Length];
    private readonly long?[] _promised = new long?[islands.Length];
    private ImmutableArray<TrainingChoice> _choices = [];
    private PilotChoice? _wanted;

    /// <summary>The membership and what is merged in it; at first what every run begins with.</summary>
    public RunEpoch Epoch { get; private set; } = First(islands) with { Schedule = RunSchedule.First };

    /// <summary>What was chosen so far, in order.</summary>
    public ImmutableArray<TrainingChoice> Choices => _choices;

    /// <summary>The membership of a run that begins.</summary>
    public static RunEpoch First(ImmutableArray<string> islands) => new() { Number = 1, Members = [.. islands.Select(static island => new RunMember(island, 1))] };

    /// <summary>Takes a line that a bridge said; what is of no use here is passed over.</summary>
    /// <param name="island">The bridge's place.</param>
    /// <param name="line">The line.</param>
    public void Hear(int island, string line)
    {
        if (line.Contains("\"type\":\"progress\"", StringComparison.Ordinal) || line.Contains("\"type\":\"sealed\"", StringComparison.Ordinal))
        {
            _heard.Writer.TryWrite((island, JsonSerializer.Deserialize<BridgeEvent>(line, FactoryJson.Options)!));
        }
    }

    /// <summary>Decides until it is cancelled.</summary>
    /// <param name="bridges">In the islands' order.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(IReadOnlyList<BenchProcess> bridges, CancellationToken cancellation)
    {
        await foreach (var (island, happened) in _heard.Reader.ReadAllAsync(cancellation))
        {
            if (!Takes(island, happened))
            {
                continue;
            }

            var line = JsonSerializer.Serialize<BridgeCommand>(new BridgeCommand.EpochDecided(Epoch), FactoryJson.Options);
            foreach (var bridge in bridges)
            {
                await bridge.SayAsync(line, cancellation);
            }
        }
    }

    /// <summary>Whether the epoch changed.</summary>
    private bool Takes(int island, BridgeEvent happened)
    {
        switch (happened)
        {
            case BridgeEvent.Progress { Value.Measured: { } measured } when !Epoch.Sealed:
                _measured[island] = measured;
                _wanted = ModePilot.Decide(Epoch.Schedule!, chosen: _choices.Length > 0, sync, [.. _measured]);
                if (_wanted is null || _wanted.Schedule == Epoch.Schedule)
                {
                    return false;
                }

                Epoch = Epoch with { Sealed = true, Change = Epoch.Change + 1 };
                return true;
            case BridgeEvent.Sealed promise when Epoch.Sealed && promise.Epoch == Epoch.Number:
                _promised[island] = promise.Round;
                if (_promised.Any(static round => round is null))
                {
                    return false;
                }

                var start = _promised.Max()!.Value;
                _choices = _choices.Add(new TrainingChoice(start, _wanted!.Schedule.ToString(), _wanted.PredictedMillionths / (double)SharePredictor.Whole, _wanted.Reason));
                Epoch = new RunEpoch { Number = Epoch.Number + 1, Members = Epoch.Members, Start = start, Schedule = _wanted.Schedule };
                Array.Clear(_promised);
                return true;
            default:
                return false;
        }
    }
}

/// <summary>What a run chose by itself. Immutable.</summary>
/// <param name="Round">The last round before it holds.</param>
/// <param name="Schedule">What is merged, and when.</param>
/// <param name="Predicted">The share of the compute-only rate that it was predicted to keep.</param>
/// <param name="Reason">Why, in a sentence.</param>
internal sealed record TrainingChoice(long Round, string Schedule, double Predicted, string Reason);
