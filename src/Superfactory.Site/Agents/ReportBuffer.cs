using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Agents;

/// <summary>Log lines and measurements that wait for the control plane to take them. Thread-safe.</summary>
internal sealed class ReportBuffer
{
    /// <summary>Lines kept: some 100 s of one process at the rate that its gang lets through, 2 MB at 100 characters a line, 80 MB at most.</summary>
    public const int LinesMax = 20_000;

    /// <summary>Measurements kept: over an hour of one island at four a second.</summary>
    public const int MeasurementsMax = 20_000;

    /// <summary>Lines of one report.</summary>
    public const int LinesPerReport = 1_000;

    /// <summary>Characters of one report's lines: 6 MB where every one of them has to be escaped, under the 8 MB that the control plane takes.</summary>
    public const int CharactersPerReport = 1_000_000;

    /// <summary>Measurements of one report.</summary>
    public const int MeasurementsPerReport = 1_000;

    /// <summary>Values of one report's measurements: under 1 MB.</summary>
    public const int ValuesPerReport = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Job, string Island), (long Lines, long Measurements)> _dropped = [];
    private readonly Backlog<LogLine> _lines;
    private readonly Backlog<Measurement> _measurements;
    private readonly TimeProvider _clock;

    /// <summary>An empty one.</summary>
    /// <param name="clock">Dates the lines that say what was dropped.</param>
    public ReportBuffer(TimeProvider clock)
    {
        _clock = clock;
        _lines = new Backlog<LogLine>(LinesMax, line => line.Text.Length, line => Count(line.Job, line.Island, 1, 0));
        _measurements = new Backlog<Measurement>(MeasurementsMax, measurement => measurement.Values.Count, measurement => Count(measurement.Job, measurement.Island, 0, 1));
    }

    /// <summary>Adds a line.</summary>
    public void Add(LogLine line) => _lines.Add(line);

    /// <summary>Adds a measurement.</summary>
    public void Add(Measurement measurement) => _measurements.Add(measurement);

    /// <summary>The oldest of what waits, with a line first for each island that lost some.</summary>
    public Batch Take()
    {
        var (lines, nextLine) = _lines.Take(LinesPerReport, CharactersPerReport);
        var (measurements, nextMeasurement) = _measurements.Take(MeasurementsPerReport, ValuesPerReport);
        ImmutableArray<KeyValuePair<(long Job, string Island), (long Lines, long Measurements)>> dropped;
        lock (_lock)
        {
            dropped = [.. _dropped];
        }

        return new Batch([.. dropped.Select(Line), .. lines], measurements, nextLine, nextMeasurement, dropped);
    }

    /// <summary>Lets go of a batch that the control plane took.</summary>
    public void Confirm(Batch batch)
    {
        _lines.Confirm(batch.NextLine);
        _measurements.Confirm(batch.NextMeasurement);
        lock (_lock)
        {
            foreach (var (gang, said) in batch.Dropped)
            {
                var (lines, measurements) = _dropped[gang];
                if (lines == said.Lines && measurements == said.Measurements)
                {
                    _dropped.Remove(gang);
                }
                else
                {
                    _dropped[gang] = (lines - said.Lines, measurements - said.Measurements);
                }
            }
        }
    }

    private void Count(long job, string island, long lines, long measurements)
    {
        lock (_lock)
        {
            _dropped.TryGetValue((job, island), out var before);
            _dropped[(job, island)] = (before.Lines + lines, before.Measurements + measurements);
        }
    }

    private LogLine Line(KeyValuePair<(long Job, string Island), (long Lines, long Measurements)> dropped) => new()
    {
        Job = dropped.Key.Job,
        Island = dropped.Key.Island,
        Source = "agent",
        UnixMilliseconds = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Text = $"({dropped.Value.Lines} lines and {dropped.Value.Measurements} measurements were dropped here: the control plane took none for too long)",
    };

    /// <summary>What one report carries.</summary>
    /// <param name="Lines">Its log lines.</param>
    /// <param name="Measurements">Its measurements.</param>
    /// <param name="NextLine">Confirms the lines.</param>
    /// <param name="NextMeasurement">Confirms the measurements.</param>
    /// <param name="Dropped">What its first lines say was dropped.</param>
    internal sealed record Batch(
        ImmutableArray<LogLine> Lines,
        ImmutableArray<Measurement> Measurements,
        long NextLine,
        long NextMeasurement,
        ImmutableArray<KeyValuePair<(long Job, string Island), (long Lines, long Measurements)>> Dropped);
}
