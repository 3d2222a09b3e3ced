using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds what happened to copies.</summary>
internal static class CopyFold
{
    public static FactoryState Apply(FactoryState state, CopyRequested record)
    {
        var copy = new FactoryCopy { Id = record.Copy, Source = record.Source, Destination = record.Destination, RequestedAt = record.At };
        return Touch((state with { LastCopy = record.Copy }).WithCopy(copy), copy);
    }

    public static FactoryState Apply(FactoryState state, CopyEnded record)
    {
        var copy = state.Copies[record.Copy] with { End = new CopyEnd(record.State, record.Reason, record.At, record.Progress) };
        return Touch(state.WithCopy(copy), copy);
    }

    private static FactoryState Touch(FactoryState state, FactoryCopy copy) => state.Touch(copy.Source.Site).Touch(copy.Destination.Site);
}
