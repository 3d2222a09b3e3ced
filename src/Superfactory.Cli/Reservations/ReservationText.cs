using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Outages;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Reservations;

/// <summary>Writes what is reserved of the fleet for people. Pure.</summary>
internal static class ReservationText
{
    /// <summary>The reservations as lines.</summary>
    public static ImmutableArray<string> Lines(IReadOnlyList<ReservationView> reservations, TimeZoneInfo zone)
    {
        if (reservations.Count == 0)
        {
            return ["Nothing is reserved."];
        }

        var lines = ImmutableArray.CreateBuilder<string>();
        foreach (var reservation in reservations)
        {
            lines.Add($"{reservation.Name}  {What(reservation)} {ForWhom(reservation)}, from {MomentText.Write(reservation.FromUnixMilliseconds, zone)} until {MomentText.Write(reservation.UntilUnixMilliseconds, zone)}: {State(reservation)}. {reservation.Reason}".TrimEnd());
            lines.AddRange(reservation.Leaves.Select(move => $"  job {move.Job}  {MomentText.Write(move.AtUnixMilliseconds, zone)}  {OutageText.How(move)}"));
            if (reservation.Leaves.IsEmpty)
            {
                lines.Add("  nobody has to leave");
            }
        }

        return lines.ToImmutable();
    }

    private static string What(ReservationView reservation)
    {
        var count = reservation.Accelerators is { } accelerators ? string.Create(CultureInfo.InvariantCulture, $"{accelerators:#,0} {reservation.Hardware ?? "accelerators"}") : reservation.Hardware is { } hardware ? $"all {hardware}" : null;
        return count is null ? reservation.Target! : count + (reservation.Target is { } target ? $" at {target}" : string.Empty);
    }

    private static string ForWhom(ReservationView reservation) =>
        reservation.Queue is { } queue ? $"for queue {queue}" : reservation.Job is { } job ? string.Create(CultureInfo.InvariantCulture, $"for job {job}") : "for maintenance";

    private static string State(ReservationView reservation) => reservation.State switch
    {
        ReservationState.Waiting => "has not begun",
        ReservationState.Clearing => "is being cleared",
        _ => "has begun",
    };
}
