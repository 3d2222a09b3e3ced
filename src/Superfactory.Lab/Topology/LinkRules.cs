using Superfactory.Model.Units;

namespace Superfactory.Lab.Topology;

/// <summary>What a link may be, and how a change makes another one of it. Pure and safe to call from any thread.</summary>
internal static class LinkRules
{
    /// <summary>The most bytes that a direction may have under way, in its queue and on the line: an eighth of what its store holds at most is left for headers.</summary>
    public const long BytesMax = (long)Fibre.PacketStore.BytesMax / 8 * 7;

    /// <summary>The link after a change.</summary>
    /// <param name="link">The link.</param>
    /// <param name="from">The site that the change names first.</param>
    /// <param name="change">The change.</param>
    public static LabLink Apply(LabLink link, string from, LinkChange change)
    {
        var (there, back) = (!change.OneWay || from == link.A, !change.OneWay || from == link.B);
        return link with
        {
            RoundTrip = change.RoundTrip ?? link.RoundTrip,
            There = there ? Apply(link.There, change) : link.There,
            Back = back ? Apply(link.Back, change) : link.Back,
        };
    }

    /// <summary>What is wrong with a link by itself, as a sentence; null where nothing is.</summary>
    public static string? Check(LabLink link)
    {
        if (link.RoundTrip < TimeSpan.Zero || link.RoundTrip > WanProfile.MaxRoundTrip)
        {
            return $"Expected a round trip of 0ms to {WanProfile.MaxRoundTrip.TotalSeconds:0}s.";
        }

        return Check(link, link.There) ?? Check(link, link.Back);
    }

    private static string? Check(LabLink link, LabDirection direction)
    {
        if (direction.Bandwidth.BitsPerSecond <= 0)
        {
            return "A bandwidth of 0 carries nothing. Expected a bandwidth over 0, such as 100mbit; 'superfactory lab cut' cuts a link.";
        }

        if (direction.Jitter < TimeSpan.Zero || direction.Jitter > link.RoundTrip / 2)
        {
            return $"A jitter of {direction.Jitter.TotalMilliseconds:0.###}ms does not fit a round trip of {link.RoundTrip.TotalMilliseconds:0.###}ms. Expected at most half of that, the delay of one direction.";
        }

        if (!(direction.Loss >= 0 && direction.Loss <= 1))
        {
            return "Expected a loss of 0% to 100%.";
        }

        if (direction.QueueBytes is <= 0)
        {
            return "Expected a queue over 0 bytes.";
        }

        var bytes = link.QueueBytesOf(direction) + (direction.Bandwidth.BytesPerSecond * ((link.RoundTrip / 2) + direction.Jitter).TotalSeconds);
        return bytes > BytesMax
            ? $"{ByteCount.Format((long)bytes)} would be under way in its queue and on the line, more than {ByteCount.Format(BytesMax)}. Expected a lower bandwidth, a shorter round trip or a shorter queue."
            : null;
    }

    private static LabDirection Apply(LabDirection direction, LinkChange change) => direction with
    {
        Bandwidth = change.Bandwidth ?? direction.Bandwidth,
        Jitter = change.Jitter ?? direction.Jitter,
        Loss = change.Loss ?? direction.Loss,
        QueueBytes = change.QueueBytes ?? direction.QueueBytes,
    };
}
