using System.Globalization;
using System.Net;
using Superfactory.Model;

namespace Superfactory.Control.Hosting;

/// <summary>Where to listen.</summary>
/// <param name="EndPoint">The address and port.</param>
/// <param name="Text">As the user wrote it.</param>
internal sealed record ListenAddress(IPEndPoint EndPoint, string Text)
{
    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(EndPoint.Address);

    public static Started<ListenAddress> Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || FindAddress(text[..colon]) is not { } address)
        {
            return new StartFault(StartFault.BadInput, new Problem(
                $"'{text}' is nowhere to listen: expected an IP address or localhost, a colon and a port from 0 to 65535.",
                Field: "--listen",
                Hint: "For example --listen 127.0.0.1:7400."));
        }

        return new ListenAddress(new IPEndPoint(address, port), text);
    }

    private static IPAddress? FindAddress(string host)
        => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address
            : null;
}
