using Superfactory.Scheduling.Reserving;

namespace Superfactory.Scheduling;

/// <content>Windows that may be in several places, and take them anew when more is held.</content>
public sealed partial class Scheduler
{
    /// <summary>
    /// The window that somebody would have to leave for at once if a plan came true, and need not otherwise. What windows keep was asked for the places that they have now; with the job there they may take others, and it
    /// would be stopped as soon as it has started, or another in its place.
    /// </summary>
    /// <param name="plan">A plan that starts, decided on this very state.</param>
    /// <param name="windows">The windows in the order in which they take their places.</param>
    /// <param name="now">The time.</param>
    /// <returns>The window; null where there is none. Who may use a window may have others leave for it.</returns>
    public Reservation? Crowded(Plan plan, IReadOnlyList<FleetWindow> windows, long now)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(windows);
        var (book, request) = (_state.Reserved, plan.Request);
        List<Reservation> placed = [.. book.Windows];
        List<RunningJob> stopped = [.. plan.Victims.Select(victim => _state.Running[victim.Job])];
        book.IsSearching = true;
        placed.ForEach(each => book.Remove(each));
        stopped.ForEach(_state.Detach);
        var before = Leaving(windows, now).Select(static each => each.Job).ToHashSet();
        var number = _state.Start(plan, now).Number;
        var after = Leaving(windows, now);
        _state.TakeBack(number);
        stopped.ForEach(_state.Restore);
        placed.ForEach(book.Add);
        book.IsSearching = false;

        var uses = placed.Exists(each => book.LeftFrom(each) <= now && each.Window!.IsFor(_state.Queues, request.Queue, request.Job));
        return after.Find(each => !before.Contains(each.Job) && (each.Job == number || !uses))?.For;
    }

    /// <summary>Who has to leave for windows now that take their places anew.</summary>
    private List<Overdue> Leaving(IReadOnlyList<FleetWindow> windows, long now)
    {
        var book = _state.Reserved;
        foreach (var window in windows)
        {
            book.Add(window);
        }

        List<Overdue> leaving = [.. OverdueSearch.Find(_state, now, static (_, _) => false).Where(static each => each.For.Window is not null)];
        foreach (var window in windows)
        {
            book.Cancel(window.Id);
        }

        return leaving;
    }
}
