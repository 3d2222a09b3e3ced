using Superfactory.Scheduling.Reserving;
using Superfactory.Scheduling.Roles;

namespace Superfactory.Scheduling;

/// <content>Jobs of several gangs of different shape, which start together or not at all.</content>
public sealed partial class Scheduler
{
    private readonly RoleSearch _roles;
    private readonly RoleVictims _roleVictims;
    private RoleSearch? _emptyRoles;

    /// <summary>What is kept for reserved starts is left alone, and windows that the job may not use.</summary>
    private Plan DecideRoles(GangRequest request, long now)
    {
        _ahead.LiftWindows(request, now);
        var plan = DecideWhole(request, now);
        if (!plan.Starts && _ahead.LiftInWindow(request, now) is { } domains && _roles.Find(request) is { Starts: true } inWindow && inWindow.Islands.All(island => island.Domains.All(domains.Contains)) && Taken(inWindow, now) is null)
        {
            plan = inWindow;
        }

        _ahead.LiftNoMore();
        return plan;
    }

    private Plan DecideWhole(GangRequest request, long now)
    {
        var plan = _roles.Find(request);
        if (plan.Starts && Taken(plan, now) is { } taken)
        {
            plan = Into(taken, request);
        }

        return plan.Starts || _roleVictims.Find(request, now) is not { } stopping || Taken(stopping, now) is not null ? plan : stopping;
    }

    private Reservation? Taken(Plan plan, long now) => _state.Reserved.IsEmpty ? null : _ahead.Taken(plan, AheadSearch.Until(plan.Request, now));

    private PendingReason.Never? MalformedRoles(GangRequest request)
    {
        var gangs = 0L;
        for (var place = 0; place < request.Roles.Length; place++)
        {
            var role = request.Roles[place];
            gangs += role.Count;
            if (role.Name.Length == 0 || request.Roles.Take(place).Any(other => other.Name == role.Name))
            {
                return new PendingReason.Never($"roles have names, each another one, not '{role.Name}'");
            }

            if (role.Count < 1 || gangs > RoleRequest.GangsMax)
            {
                return new PendingReason.Never($"a job has at least one gang of each role and {RoleRequest.GangsMax} at most");
            }

            if (Malformed(RoleSearch.Gang(request, role)) is { } malformed)
            {
                return Of(role, malformed);
            }
        }

        return null;
    }

    private PendingReason.Never? RoleNeverFits(GangRequest request)
    {
        foreach (var role in request.Roles)
        {
            if (NeverFits(RoleSearch.Gang(request, role)) is { } never)
            {
                return Of(role, never);
            }
        }

        return null;
    }

    private static PendingReason.Never Of(RoleRequest role, PendingReason.Never what) => new($"role {role.Name}: {what}");
}
