using System.Globalization;
using Superfactory.Core.Reading;
using Superfactory.Scheduling.Reserving;

namespace Superfactory.Core.Planning;

/// <summary>What is reserved of the fleet: how the scheduler sees it, whose it is, and how people are told.</summary>
internal static class WindowRules
{
    /// <summary>
    /// All windows in the order in which they take their places: those for maintenance first, then those of the smallest place, so that one that may be anywhere leaves to another what it has at one place alone;
    /// of these the one that begins first: a later one may still have what others leave until then.
    /// </summary>
    public static IEnumerable<FactoryWindow> InOrder(FactoryState state) =>
        state.Windows.Values.OrderBy(static window => !window.IsMaintenance).ThenByDescending(static window => window.Target is { } target ? target.Count(static letter => letter == '/') + 1 : 0).ThenBy(static window => window.From).ThenBy(static window => window.Number);

    /// <summary>The windows that the scheduler keeps places for, of those that are there. One whose target is out of service for it needs nothing more.</summary>
    public static IEnumerable<FleetWindow> Kept(FactoryState state) => InOrder(state).Where(window => !HasBegun(state, window)).Select(static window => Of(window) with { OrFewer = true });

    /// <summary>A window as the scheduler sees it.</summary>
    public static FleetWindow Of(FactoryWindow window) => new()
    {
        Id = window.Number, Place = window.Target, Accelerators = window.Accelerators, Hardware = window.Hardware, Queue = window.Queue,
        Jobs = window.Job == 0 ? null : (FleetMaker.Number(window.Job), FleetMaker.Number(window.Job + 1) - 1),
        FromMilliseconds = window.From, UntilMilliseconds = window.Until, NoticeMilliseconds = FactoryLimits.DrainNoticeMilliseconds,
    };

    /// <summary>The window of a number; null where there is none.</summary>
    public static FactoryWindow? Find(FactoryState state, long number) => state.Windows.Values.FirstOrDefault(window => window.Number == number);

    /// <summary>Whether what a window for maintenance is of is out of service because of it.</summary>
    public static bool HasBegun(FactoryState state, FactoryWindow window) => window.Target is { } target && state.OutageOf(target)?.Window == window.Name;

    /// <summary>Whether a job may use a window.</summary>
    public static bool IsFor(FactoryState state, FactoryWindow window, FactoryJob job)
    {
        if (window.Job != 0)
        {
            return state.WholeOf(job).Id == window.Job;
        }

        for (var queue = window.Queue is null ? null : job.Specification.Queue; queue is not null; queue = state.Queues.Queues.FirstOrDefault(each => each.Name == queue)?.Parent)
        {
            if (queue == window.Queue)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether somebody may be in the way of a window for others now.</summary>
    public static bool IsClearing(FactoryState state, long now) => state.Windows.Values.Any(window => !window.IsMaintenance && window.LeavesAt <= now && now < window.Until);

    /// <summary>What is reserved, such as <c>64 gb200-nvl72 at wisconsin</c>.</summary>
    public static string What(FactoryWindow window) => window.Accelerators == 0 && window.Hardware is null ? window.Target!
        : (window.Accelerators == 0 ? $"all {window.Hardware}" : string.Create(CultureInfo.InvariantCulture, $"{window.Accelerators:#,0} {window.Hardware ?? "accelerators"}")) + (window.Target is null ? string.Empty : $" at {window.Target}");

    /// <summary>Whom it is for, such as <c>for queue hero</c>.</summary>
    public static string ForWhom(FactoryWindow window) => window.IsMaintenance ? "for maintenance" : window.Queue is { } queue ? $"for queue {queue}" : string.Create(CultureInfo.InvariantCulture, $"for job {window.Job}");

    /// <summary>Why somebody has to leave.</summary>
    public static string Because(FactoryWindow window) =>
        $"Reservation {window.Name} has {What(window)} {ForWhom(window)} from {Sentence.Moment(window.From)} until {Sentence.Moment(window.Until)}{Said(window)}";

    /// <summary>Why what is for maintenance is out of service.</summary>
    public static string OutOfService(FactoryWindow window) => $"Reserved for maintenance as {window.Name} until {Sentence.Moment(window.Until)}{Said(window)}";

    private static string Said(FactoryWindow window) => window.Reason is { } reason ? $": {Sentence.Lower(reason)}" : ".";
}
