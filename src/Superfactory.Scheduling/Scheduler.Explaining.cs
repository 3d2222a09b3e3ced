using Superfactory.Scheduling.Explaining;

namespace Superfactory.Scheduling;

/// <content>All that a job lacks.</content>
public sealed partial class Scheduler
{
    // What a gang of a role was granted another one may take instead: then more is granted.
    private const int GrantsMax = 16;

    private readonly LackSearch _lacks;

    /// <summary>
    /// All that a job lacks, and nothing that it would start without: if there were so much more of each, and nothing else changed, <see cref="Decide"/> would start it. Those that
    /// <see cref="PendingReason.Reserved"/> names would have to start first, or wait no longer. Of many things each is said once, of more than 64 possibly some that are not needed.
    /// </summary>
    /// <param name="request">The job; it does not run.</param>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    /// <returns>What is lacking: several things as <see cref="PendingReason.Several"/>; null where it starts.</returns>
    public PendingReason? Lacking(GangRequest request, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Decide(request, now) is not { Reason: { } reason } || reason is PendingReason.Never)
        {
            return Decide(request, now).Reason;
        }

        var whatIf = new WhatIf(_state);
        var isGranted = Grant(request, now, whatIf);
        var needs = Needs(request, now, whatIf);
        whatIf.Undo();
        return isGranted ? Of(needs) : reason;
    }

    /// <summary>One thing by itself, several together; null where there is none.</summary>
    internal static PendingReason? Of(List<PendingReason> needs) => needs.Count switch { 0 => null, 1 => needs[0], _ => new PendingReason.Several([.. needs]) };

    /// <summary>What was granted, and the time for which a job waits.</summary>
    internal static List<PendingReason> Needs(GangRequest request, long now, WhatIf whatIf) =>
    [
        .. request.StartAfterMilliseconds > now ? new PendingReason[] { new PendingReason.Time(request.StartAfterMilliseconds) } : [], .. whatIf.Needs,
        .. whatIf.Away.Select(static each => new PendingReason.Reserved(each.Job, each.StartMilliseconds, each.Window?.Id ?? 0)),
    ];

    /// <summary>Grants a job all that it lacks, but for the time.</summary>
    /// <returns>Whether it starts then.</returns>
    internal bool Grant(GangRequest asked, long now, WhatIf whatIf)
    {
        var request = asked with { StartAfterMilliseconds = 0 };
        bool Starts() => Decide(request, now).Starts;
        if (Starts())
        {
            return true;
        }

        // What is kept for the job itself is not free either, as it is looked at here.
        whatIf.Leave(request.Job);
        foreach (var reservation in _state.Reserved.All.ToList())
        {
            whatIf.TakeAway(reservation);
        }

        if (!Place(request, now, whatIf))
        {
            // Gangs that have a place stand in the way of others: all of them are placed anew, as in the empty fleet.
            whatIf.Forget();
            _lacks.FreeAll(whatIf);
            if (!Place(request, now, whatIf))
            {
                whatIf.Forget();
                foreach (var job in _state.Running.Values.OrderBy(static job => job.Number).ToList())
                {
                    whatIf.End(job);
                }

                _lacks.FreeAll(whatIf);
            }
        }

        // With what is kept for it, the job may lack more: that is held at the places it is to have, not where it would start now.
        whatIf.ComeBack(request.Job);
        if (!Starts() && !Place(request, now, whatIf))
        {
            return false;
        }

        whatIf.Spare(Starts);
        return true;
    }

    private bool Place(GangRequest request, long now, WhatIf whatIf)
    {
        for (var round = 0; round < GrantsMax; round++)
        {
            _ = request.Roles.IsEmpty ? _lacks.Place(request, whatIf) : _roles.Place(request, _lacks, whatIf);
            if (Decide(request, now).Starts)
            {
                return true;
            }
        }

        return false;
    }
}
