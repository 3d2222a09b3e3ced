using Superfactory.Core.Planning;
using Superfactory.Core.Records;

namespace Superfactory.Core.Tests.Properties;

/// <summary>What holds while something of the fleet is reserved and its time has come, told of whatever somebody takes to be there.</summary>
internal static class WindowLaw
{
    /// <summary>
    /// What is broken: work at a place that is reserved for maintenance; and more work of others at a place than what is reserved there leaves. Who was told to save and stop and has not had the time to is
    /// no work any more, where <paramref name="saves"/> allows it.
    /// </summary>
    public static List<string> Broken(FactoryState state, long now, bool saves)
    {
        var broken = new List<string>();
        var active = state.Windows.Values.Where(window => window.From <= now && now < window.Until).ToList();
        foreach (var window in active.Where(static window => window.IsMaintenance))
        {
            broken.AddRange(Working(state, window, saves).Select(each => $"maintenance: job {each.Job.Id} works in {window.Name} at {each.Island.Site}"));
        }

        // Where places are missing, or several have a part in one at any time of theirs, less may be kept than was reserved.
        if (active.Count == 1 && !state.Windows.Values.Any(other => other != active[0] && HavePartInOne(other, active[0])) && state.Outages.IsEmpty && state.Sites.Values.All(static site => site.Standing == SiteStanding.Connected) && active[0] is { IsMaintenance: false } own)
        {
            var there = state.Sites.Keys.Where(site => own.Target is null || own.Target == site).Sum(site => FleetCapacity.Offered(state, site, "cpu"));
            var others = Working(state, own, saves).Where(each => !WindowRules.IsFor(state, own, each.Job)).Sum(static each => (long)each.Job.AcceleratorsOf(each.Island));
            var left = own.Accelerators == 0 ? 0 : Math.Max(0, there - own.Accelerators);
            if (others > left)
            {
                broken.Add($"reserved: others have {others} beside {own.Name}, which leaves {left} of {there}");
            }
        }

        return broken;
    }

    /// <summary>Who was let in and told to leave for a window again and again in one instant in which nobody reserved anything: nothing else ends that but that it is over.</summary>
    public static List<string> Circles(IEnumerable<JournalRecord> journal, int most = 1)
    {
        var (started, left) = (new Dictionary<long, long>(), new Dictionary<(long Job, long At), int>());
        foreach (var record in journal)
        {
            var (job, starts, leaves) = record switch
            {
                JobStarted start => (start.Job, true, false),
                IslandRestarted start => (start.Job, true, false),
                JobMoves move => (move.Job, false, move.Reason.StartsWith("Reservation", StringComparison.Ordinal)),
                IslandEvicted move => (move.Job, false, move.Reason.StartsWith("Reservation", StringComparison.Ordinal)),
                _ => (0, false, false),
            };
            if (record is WindowReserved)
            {
                started.Clear();
            }
            else if (starts)
            {
                started[job] = record.At;
            }
            else if (leaves && started.GetValueOrDefault(job) == record.At)
            {
                left[(job, record.At)] = left.GetValueOrDefault((job, record.At)) + 1;
            }
        }

        return [.. left.Where(each => each.Value > most).Select(static each => $"circle: job {each.Key.Job} was let in and told to leave {each.Value} times at {each.Key.At}")];
    }

    private static bool HavePartInOne(FactoryWindow one, FactoryWindow other) =>
        one.From < other.Until && other.From < one.Until && (one.Target is null || other.Target is null || IsUnder(one.Target, other.Target) || IsUnder(other.Target, one.Target));

    private static bool IsUnder(string path, string place) => path == place || path.StartsWith($"{place}/", StringComparison.Ordinal);

    private static IEnumerable<(FactoryJob Job, FactoryIsland Island)> Working(FactoryState state, FactoryWindow window, bool saves) =>
        from id in state.OpenJobs.Union(state.StoppingJobs)
        let job = state.Jobs[id]
        let whole = job.Role is { } role ? state.Jobs[role.Job] : job
        from island in job.Islands
        where island.HoldsSlot && !island.IsFinished && (window.Target is null || island.Site == window.Target || island.Places.Any(place => IsUnder(place, window.Target)))
        where !saves || (island.Standing == IslandStanding.Wanted && !whole.HoldRequested && !whole.IsLeaving)
        select (job, island);
}
