using System.Diagnostics.CodeAnalysis;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Placing;

/// <summary>
/// Plans of those that wait. Rounds over a backlog try the same requests again and again, most of which wait for the same as before: they get the plan and the reason that were made then, and leave the collector
/// nothing. Not safe for concurrent use.
/// </summary>
internal sealed class WaitingPlans
{
    // Jobs whose numbers differ by a multiple of it take each other's place: more than are tried in a round of most backlogs.
    private const int Remembered = 4096, Reasons = 1024;

    // Of each job the last two: it lacks one thing as the fleet is, and another once those are out of its way that may give way.
    private readonly (Plan? Last, Plan? Before)[] _plans = new (Plan?, Plan?)[Remembered];

    private readonly PendingReason.Accelerators?[] _lacks = new PendingReason.Accelerators?[Reasons];

    /// <summary>The plan of a request that waits for a reason.</summary>
    public Plan Of(GangRequest request, PendingReason? reason)
    {
        ref var known = ref At(request);
        if (Is(known.Last, request, reason))
        {
            return known.Last;
        }

        if (Is(known.Before, request, reason))
        {
            return known.Before;
        }

        known = (new Plan { Request = request, Reason = reason }, known.Last);
        return known.Last;
    }

    /// <summary>That so many accelerators are missing: requests of few sizes lack the same.</summary>
    public PendingReason.Accelerators Lacks(long missing, string hardware, string domain, Within within = Within.Site)
    {
        ref var known = ref _lacks[(int)(((missing * 4) + (int)within + domain[0]) & (Reasons - 1))];
        if (known is null || known.Missing != missing || known.Within != within || known.Hardware != hardware || known.Domain != domain)
        {
            known = new PendingReason.Accelerators(missing, hardware, domain, within);
        }

        return known;
    }

    private static bool Is([NotNullWhen(true)] Plan? plan, GangRequest request, PendingReason? reason) => plan is not null && ReferenceEquals(plan.Request, request) && Equals(plan.Reason, reason);

    private ref (Plan? Last, Plan? Before) At(GangRequest request) => ref _plans[(int)(request.Job & (Remembered - 1))];
}
