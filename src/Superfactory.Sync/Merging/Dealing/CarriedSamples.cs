using System.Collections.Immutable;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>
/// What a run that goes on with other islands takes over from before, until these have said how they draw samples: which samples of which
/// dataset are merged. Immutable.
/// </summary>
/// <param name="Declaration">How the first island drew its samples; null where the run was untracked.</param>
/// <param name="Planned">Samples that the run is to merge; 0 where it was untracked.</param>
/// <param name="Segment">The number of the segment that was dealt last.</param>
/// <param name="Merged">The merged positions, by rising start.</param>
internal sealed record CarriedSamples(DataDeclaration? Declaration, long Planned, int Segment, ImmutableArray<PositionRange> Merged)
{
    /// <summary>What of a declaration is other than before, as the end of a sentence; null where the run can go on with it.</summary>
    public string? Difference(DataDeclaration? now)
    {
        if (now is null != Declaration is null)
        {
            return now is null ? "the loop does not draw its samples from the run, and before it did" : "the loop draws its samples from the run, and before it did not";
        }

        return Declaration is null || now is null || (now.Count == Declaration.Count && now.Dataset == Declaration.Dataset) ? null
            : $"the dataset is '{now.Dataset}' with {now.Count} samples, and before it was '{Declaration.Dataset}' with {Declaration.Count}";
    }

    /// <summary>The ledger for islands with these batches: what is not merged is dealt anew, in its order.</summary>
    /// <param name="batches">The batch of each island; 0 for one that takes no turns.</param>
    /// <param name="number">Another one for each beginning.</param>
    public SampleLedger Resume(ImmutableArray<int> batches, int number) => SampleLedger.Resume(Planned, Segment + 1 + number, Merged, batches);

    public void Write(WireWriter writer)
    {
        writer.Flag(Declaration is not null);
        if (Declaration is null)
        {
            return;
        }

        writer.Int64(Declaration.Count);
        writer.Int32(Declaration.Batch);
        writer.Text(Declaration.Dataset);
        writer.Int64(Planned);
        writer.Int32(Segment);
        SampleLedger.WriteRanges(writer, Merged);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null, or a broken reader, where it is nothing of the kind.</summary>
    public static CarriedSamples? Read(ref WireReader reader)
    {
        if (!reader.Flag())
        {
            return new CarriedSamples(null, 0, 0, []);
        }

        var declaration = new DataDeclaration(reader.Int64(1, long.MaxValue / 2), reader.Int32(1, int.MaxValue), reader.Text(MergeLimits.DatasetBytesMax));
        var planned = reader.Int64(1, long.MaxValue / 2);
        var segment = reader.Int32(0, int.MaxValue - 1);
        return SampleLedger.ReadRanges(ref reader, planned) is { } merged && reader.Require(merged.Count < planned)
            ? new CarriedSamples(declaration, planned, segment, [.. merged.Ranges])
            : null;
    }
}
