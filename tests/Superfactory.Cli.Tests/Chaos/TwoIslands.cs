using Superfactory.Cli.Chaos.Checking;

namespace Superfactory.Cli.Tests.Chaos;

/// <summary>Trainers' records of a run of two islands, each step one sample of one token, made up round by round.</summary>
internal sealed class TwoIslands
{
    public const long Count = 1000;
    public const ulong Seed = 1;

    private readonly List<List<TrainerLine>> _files = [];
    private readonly Dictionary<string, List<TrainerLine>> _now = [];
    private double _at;
    private long _position;

    /// <summary>Samples that were dealt.</summary>
    public long Dealt => _position;

    /// <summary>Starts an island's trainer, in place of the one before.</summary>
    public void Begin(string island, long round, string hash) =>
        _files.Add(_now[island] = [Line(island, "begin") with { Round = round, Hash = hash, Count = Count, Context = 1, Seed = Seed, Loss = 5 }]);

    /// <summary>An island takes a step with the next sample of the order, and contributes.</summary>
    /// <returns>The sample.</returns>
    public long Give(string island, long round)
    {
        var sample = SampleOrder.At(_position++, Count, Seed);
        Give(island, round, sample);
        return sample;
    }

    /// <summary>An island takes a step with a sample, and contributes.</summary>
    public void Give(string island, long round, long sample)
    {
        _now[island].Add(Line(island, "step") with { Round = round, Samples = [sample] });
        _now[island].Add(Line(island, "give") with { Round = round, Steps = 1, Tokens = 1 });
    }

    /// <summary>An island's trainer takes a result.</summary>
    public void Take(string island, long round, string hash, long tokens, bool refused = false, long? next = null, bool restored = false) =>
        _now[island].Add(Line(island, "merged") with { Round = round, Next = next ?? round + 1, Hash = hash, Tokens = tokens, Refused = refused, Restored = restored });

    /// <summary>A whole round of both.</summary>
    public void Round(long round, string hash)
    {
        Give("one", round);
        Give("two", round);
        Take("one", round, hash, 2);
        Take("two", round, hash, 2);
    }

    /// <summary>The run is over for an island.</summary>
    public void End(string island) => _now[island].Add(Line(island, "end") with { Hash = "model", Loss = 2 });

    /// <summary>The records as the checker reads them.</summary>
    public List<TrainerRecord> Records()
    {
        var problems = new List<string>();
        List<TrainerRecord> records = [.. _files.Select(file => TrainerRecord.Read(file, "file", problems)!)];
        problems.ShouldBeEmpty();
        return records;
    }

    private TrainerLine Line(string island, string type) => new() { Type = type, Island = island, At = ++_at };
}
