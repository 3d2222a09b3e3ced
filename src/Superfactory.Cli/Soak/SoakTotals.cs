using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Superfactory.Simulation;
using Superfactory.Simulation.Faults;

namespace Superfactory.Cli.Soak;

/// <summary>Adds schedules up in their order, whatever the order in which they end.</summary>
internal sealed class SoakTotals : IDisposable
{
    /// <summary>What a schedule has to have on average, or the soak proves too little: final results, faults, and changes of the epoch.</summary>
    public const double ResultsMin = 30, FaultsMin = 4, EpochsMin = 1.5;

    private readonly IncrementalHash _trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SortedDictionary<long, ScheduleResult> _early = [];
    private readonly long[] _faults = new long[Enum.GetValues<FaultKind>().Length];
    private long _faultsInFlight;
    private long _results;
    private long _epochs;
    private long _refused;

    /// <summary>Schedules in order so far.</summary>
    public long Schedules { get; private set; }

    /// <summary>Those in which something did not hold.</summary>
    public List<ScheduleResult> Violations { get; } = [];

    /// <summary>A schedule has ended.</summary>
    public void Add(ScheduleResult result)
    {
        _early.Add(result.Schedule, result);
        while (_early.Remove(Schedules, out var next))
        {
            Schedules++;
            Take(next);
        }
    }

    /// <summary>What came of all.</summary>
    /// <param name="seconds">How long it took.</param>
    public SoakReport Report(double seconds) => new()
    {
        Schedules = Schedules,
        Violations = Violations.Count,
        Seconds = Math.Round(seconds, 3),
        RoundsFinal = _results,
        Epochs = _epochs,
        FaultsByKind = Enum.GetValues<FaultKind>().ToDictionary(NameOf, kind => _faults[(int)kind]),
        MergesRefused = _refused,
        TraceSha256 = Convert.ToHexStringLower(_trace.GetCurrentHash()),
    };

    /// <summary>Why the schedules prove too little, a sentence each; nothing where they do not.</summary>
    public IEnumerable<string> Shortcomings()
    {
        var faults = _faults.Sum();
        foreach (var (what, sum, least) in new[] { ("final results", _results, ResultsMin), ("faults", faults, FaultsMin), ("epoch changes", _epochs, EpochsMin) })
        {
            if (sum < least * Schedules)
            {
                yield return $"A schedule had {(double)sum / Schedules:0.##} {what} on average, where {least} are wanted.";
            }
        }

        if (2 * _faultsInFlight < faults)
        {
            yield return $"Only {_faultsInFlight} of {faults} faults struck while a round or an epoch change was in flight.";
        }

        foreach (var kind in Enum.GetValues<FaultKind>().Where(kind => _faults[(int)kind] == 0))
        {
            yield return $"No schedule had a fault of the kind {NameOf(kind)}.";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _trace.Dispose();

    private static string NameOf(FaultKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    private void Take(ScheduleResult result)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, result.Trace);
        _trace.AppendData(bytes);
        (_results, _epochs, _refused) = (_results + result.ResultsFinal, _epochs + result.EpochChanges, _refused + result.Refused);
        _faultsInFlight += result.FaultsInFlight;
        for (var kind = 0; kind < _faults.Length; kind++)
        {
            _faults[kind] += result.Faults[kind];
        }

        if (result.Violation is not null)
        {
            Violations.Add(result);
        }
    }
}
