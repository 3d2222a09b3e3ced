using System.Collections.Immutable;

namespace Superfactory.Core.Folding;

/// <summary>Marks the sites whose instructions a record changes: they get the record's revision.</summary>
internal static class Touching
{
    public static FactoryState Touch(this FactoryState state, string site)
        => state.Sites.TryGetValue(site, out var known) ? state.WithSite(known with { InstructionsRevision = state.Revision }) : state;

    public static FactoryState Touch(this FactoryState state, FactoryJob job)
        => job.Islands.Aggregate(state, (touched, island) => touched.Touch(island.Site));

    public static FactoryState TouchAll(this FactoryState state)
        => state.Sites.Keys.Aggregate(state, Touch);
}
