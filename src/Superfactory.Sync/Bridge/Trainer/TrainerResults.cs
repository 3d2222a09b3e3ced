using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>What a trainer gives as results of the run, gathered over all its messages. For one thread.</summary>
internal sealed class TrainerResults
{
    /// <summary>Names among the values, and among the texts: results are for a report that people read.</summary>
    public const int NamesMax = 256;

    /// <summary>Characters of one text; longer ones are cut.</summary>
    public const int TextCharactersMax = 65_536;

    private readonly SortedDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>The trainer's last word; null before it.</summary>
    public TrainerMessage.Finish? Finish { get; private set; }

    /// <summary>Adds values and texts; those of a known name replace it.</summary>
    /// <returns>Whether there was room for all.</returns>
    public bool Add(ImmutableSortedDictionary<string, double>? values, ImmutableSortedDictionary<string, string>? texts)
    {
        foreach (var (name, value) in values ?? ImmutableSortedDictionary<string, double>.Empty)
        {
            _values[name] = value;
        }

        foreach (var (name, text) in texts ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            _texts[name] = text.Length <= TextCharactersMax ? text : text[..TextCharactersMax];
        }

        return _values.Count <= NamesMax && _texts.Count <= NamesMax;
    }

    /// <summary>Takes the trainer's last word.</summary>
    /// <returns>Whether there was room for its values and texts.</returns>
    public bool Take(TrainerMessage.Finish finish)
    {
        Finish = finish;
        return Add(finish.Values, finish.Texts);
    }

    /// <summary>What came of the island; null where the trainer has not finished.</summary>
    /// <param name="progress">The run's progress at its end.</param>
    /// <param name="parameters">Numbers in the merged parameters.</param>
    public IslandResult? For(RunProgress progress, long parameters) => Finish is not { } finish ? null : new IslandResult
    {
        ParametersSha256 = finish.ParametersSha256,
        Steps = finish.Steps,
        Tokens = progress.Tokens,
        TrainingSeconds = finish.TrainingSeconds,
        WallSeconds = finish.WallSeconds,
        Rounds = progress.Rounds,
        ParameterBytes = sizeof(float) * parameters,
        Ledger = progress.Ledger,
        Values = _values.ToImmutableSortedDictionary(StringComparer.Ordinal),
        Texts = _texts.ToImmutableSortedDictionary(StringComparer.Ordinal),
        OutputDirectory = finish.Output,
    };
}
