using System.Buffers.Binary;
using System.Text;

namespace Superfactory.Wan.Security;

/// <summary>
/// What each side says to the other as the first thing over TLS: that it accepts it, or why not. TLS itself would only close the
/// connection, and people at the other end would look for the reason in the wrong place. Nothing else is said to a side that is refused.
/// </summary>
internal static class TlsVerdict
{
    /// <summary>The longest reason that is told or read, in bytes of UTF-8.</summary>
    private const int ReasonBytesMax = 1024;

    private const int HeadBytes = sizeof(ushort);

    /// <summary>Says the verdict: two bytes of length, 0 where the other is accepted, and the reason.</summary>
    public static async ValueTask SendAsync(Stream tls, string? refused, CancellationToken cancellationToken)
    {
        var message = new byte[HeadBytes + ReasonBytesMax];
        var length = 0;
        if (refused is not null)
        {
            Encoding.UTF8.GetEncoder().Convert(refused, message.AsSpan(HeadBytes), flush: true, out _, out length, out _);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(message, (ushort)length);
        await tls.WriteAsync(message.AsMemory(0, HeadBytes + length), cancellationToken);
        await tls.FlushAsync(cancellationToken);
    }

    /// <summary>Reads the other side's verdict.</summary>
    /// <returns>Null where it accepts this side; otherwise its reason.</returns>
    /// <exception cref="IOException">It said something else, or nothing.</exception>
    public static async ValueTask<string?> ReadAsync(Stream tls, CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        await tls.ReadExactlyAsync(head, cancellationToken);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(head);
        if (length == 0)
        {
            return null;
        }

        if (length > ReasonBytesMax)
        {
            throw new LinkSecurityException("the other side speaks TLS, but is no gateway");
        }

        var reason = new byte[length];
        await tls.ReadExactlyAsync(reason, cancellationToken);
        return Encoding.UTF8.GetString(reason);
    }
}
