using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Agents;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Links;

/// <summary>Writes links as lines of text. Pure.</summary>
internal static class LinksText
{
    private static readonly string[] _rateUnits = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];

    /// <summary>Each direction of each link: a line about its connections and one for each class.</summary>
    public static ImmutableArray<string> Lines(IReadOnlyList<LinkView> links) => links.Count == 0
        ? ["There is no link: fewer than two sites have joined, or their gateways have not reported yet."]
        : [.. links.SelectMany(static link => Classes(link).Prepend(Heading(link)))];

    /// <summary>Bytes per second as links are measured, in bits: <c>97.3 Mbit/s</c>.</summary>
    internal static string Rate(double bytesPerSecond)
    {
        var (value, unit) = (bytesPerSecond * 8, 0);
        while (value >= 999.5 && unit < _rateUnits.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return value.ToString(value >= 99.95 || unit == 0 ? "0" : value >= 9.995 ? "0.#" : "0.##", CultureInfo.InvariantCulture) + " " + _rateUnits[unit];
    }

    private static string Heading(LinkView link) => string.Create(
        CultureInfo.InvariantCulture,
        $"{link.From} → {link.To}  {(link.Connected ? "up" : "down")}, {link.Streams} {(link.Streams == 1 ? "stream" : "streams")}, encryption {link.Encryption}, round trip {RoundTrip(link)}, loss {link.Loss * 100:0.##} %, carries {Carries(link)}, sent {ByteCount.Format(link.BytesSent)}, retransmitted {ByteCount.Format(link.BytesRetransmitted)}, reconnects {link.Reconnects}, refused {link.FramesRefused}, dropped {link.FramesDropped}");

    private static string RoundTrip(LinkView link) =>
        link.RoundTripMilliseconds > 0 ? link.RoundTripMilliseconds.ToString("0.##", CultureInfo.InvariantCulture) + " ms" : "unknown";

    private static string Carries(LinkView link) => link.AchievableBytesPerSecond > 0 ? Rate(link.AchievableBytesPerSecond) : "unknown";

    private static ImmutableArray<string> Classes(LinkView link) => link.Classes.IsDefaultOrEmpty ? [] : Table.Lines(
        ["CLASS", " RATE", " IN FLIGHT", " WAITING", " GRANTED", "ROUTE"],
        link.Classes.Select(own => ImmutableArray.Create(
            own.Class.ToString().ToLowerInvariant(),
            Rate(own.BytesPerSecond),
            ByteCount.Format(own.InFlightBytes),
            ByteCount.Format(own.WaitingBytes),
            own.GrantedBytesPerSecond is { } granted ? Rate(granted) : "no limit",
            Routes(own))),
        indent: 2);

    private static string Routes(LinkClassReport own) => own.Routes.IsDefaultOrEmpty ? "–" : string.Join(", ", own.Routes.Select(static route =>
        route.Length <= 2 ? "direct" : "via " + string.Join(" and ", route.Skip(1).SkipLast(1))));
}
