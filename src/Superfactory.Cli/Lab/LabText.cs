using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Lab;

/// <summary>A laboratory as lines of text. Pure.</summary>
internal static class LabText
{
    /// <summary>The sites with their addresses.</summary>
    public static ImmutableArray<string> Sites(Laboratory laboratory) => Table.Lines(
        ["SITE", "ADDRESS", "NAMESPACE"],
        laboratory.Topology.Sites.Select(site => ImmutableArray.Create(site, laboratory.AddressOf(site).ToString(), laboratory.NamespaceOf(site))),
        indent: 2);

    /// <summary>How everything is.</summary>
    public static ImmutableArray<string> Status(LabStatus status)
    {
        var priority = status.IsRealTime ? "before ordinary processes (SCHED_RR)" : "as an ordinary process: busy programs delay packets";
        var seconds = status.FibreProcessorSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        return
        [
            $"Laboratory '{status.Name}', packets carried by process {status.FibreProcess}, which runs {priority} and has used {seconds} s of processor time.",
            .. Table.Lines(
                ["SITE", "ADDRESS", "NAMESPACE"],
                status.Sites.Select(static site => ImmutableArray.Create(site.Name, site.Address, site.Namespace)), indent: 2),
            .. Table.Lines(
                ["FROM", "TO", "STATE", " BANDWIDTH", " RTT", " JITTER", " LOSS", " MTU", " RATE", " BYTES", " PACKETS", " QUEUE", " LIMIT", " DROPPED", " LOST", " CUT", " LATE"],
                status.Links.SelectMany(static link => new[] { Row(link, link.A, link.B, link.There), Row(link, link.B, link.A, link.Back) }), indent: 2),
        ];
    }

    private static ImmutableArray<string> Row(LinkStatus link, string from, string to, DirectionStatus direction) =>
    [
        from, to, link.IsCut ? "cut" : "up", direction.Bandwidth.ToString(), LabQuantities.Format(link.RoundTrip), LabQuantities.Format(direction.Jitter),
        LabQuantities.FormatShare(direction.Loss), Number(link.Mtu), Rate(direction.BytesPerSecond), ByteCount.Format(direction.Bytes), Number(direction.Packets),
        ByteCount.Format(direction.QueueBytes), ByteCount.Format(direction.QueueBytesMax), Number(direction.QueueDrops), Number(direction.Losses),
        Number(direction.CutDrops + direction.Refused), Number(direction.LatePackets),
    ];

    private static string Rate(long bytesPerSecond)
    {
        var megabits = bytesPerSecond * 8 / 1e6;
        return megabits.ToString(megabits < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture) + "mbit";
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
