using System.Collections.Immutable;
using Superfactory.Core;
using Superfactory.Model.Copies;

namespace Superfactory.Control.Telemetry;

/// <summary>
/// What sites said last of copies that have not ended: shown, never decided by, and not kept, since each report says it again. Safe to
/// use from any thread.
/// </summary>
internal sealed class CopyBoard
{
    private ImmutableDictionary<(long Copy, CopyRole Role), CopyReport> _reports = ImmutableDictionary<(long, CopyRole), CopyReport>.Empty;

    /// <summary>What one end of a copy said last; null before it said anything.</summary>
    public CopyReport? Find(long copy, CopyRole role) => Volatile.Read(ref _reports).GetValueOrDefault((copy, role));

    /// <summary>Takes what a site says of its copies, and forgets those that have ended.</summary>
    public void Take(FactoryState state, string site, ImmutableArray<CopyReport> reports)
    {
        if (reports.IsDefaultOrEmpty && Volatile.Read(ref _reports).IsEmpty)
        {
            return;
        }

        ImmutableInterlocked.Update(ref _reports, known => known
            .RemoveRange(known.Keys.Where(key => !state.OpenCopies.Contains(key.Copy)))
            .SetItems((reports.IsDefault ? [] : reports).Where(report => IsPart(state, site, report)).Select(report => KeyValuePair.Create((report.Copy, report.Role), report))));
    }

    private static bool IsPart(FactoryState state, string site, CopyReport report)
        => state.OpenCopies.Contains(report.Copy)
            && state.Copies[report.Copy] is var copy
            && string.Equals(report.Role == CopyRole.Source ? copy.Source.Site : copy.Destination.Site, site, StringComparison.Ordinal);
}
