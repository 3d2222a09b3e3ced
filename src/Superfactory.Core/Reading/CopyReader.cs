using Superfactory.Core.Reading;
using Superfactory.Model.Copies;

namespace Superfactory.Core;

/// <summary>Reads from the factory how copies are. Pure.</summary>
public static class CopyReader
{
    /// <summary>The copy of <paramref name="source"/> to <paramref name="destination"/> that has not ended, else the newest that has; null where there is none.</summary>
    public static FactoryCopy? Find(FactoryState state, CopyPlace source, CopyPlace destination)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Copies.Values.LastOrDefault(copy => copy.Source == source && copy.Destination == destination);
    }

    /// <summary>Why a copy that has not ended cannot go on; null where both its sites are heard.</summary>
    /// <param name="state">The factory.</param>
    /// <param name="copy">One of its copies.</param>
    /// <param name="now">The time for the reader, in milliseconds since 1970-01-01 UTC.</param>
    public static string? WaitsFor(FactoryState state, FactoryCopy copy, long now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(copy);
        string[] away = [.. new[] { copy.Source.Site, copy.Destination.Site }.Distinct(StringComparer.Ordinal).Where(site => !state.IsConnected(site))];
        return away.Length == 0 ? null : string.Join(' ', away.Select(site => $"Waits for site {site}: {QueueReasons.Absence(state, site, now)}."));
    }
}
