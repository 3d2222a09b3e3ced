using System.Text;
using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Local;

/// <summary>What an address must be to go into a frame.</summary>
internal static class Addresses
{
    public static void ThrowIfInvalid(EndpointAddress address, string parameter)
    {
        if (!IsName(address.Site, FrameLimits.SiteBytesMax) || !IsName(address.Name, FrameLimits.NameBytesMax))
        {
            throw new ArgumentException(
                $"'{address}' is no address of an endpoint: expected a site of 1 to {FrameLimits.SiteBytesMax} bytes and a name of 1 to {FrameLimits.NameBytesMax}.",
                parameter);
        }
    }

    public static bool IsSite(string? site) => IsName(site, FrameLimits.SiteBytesMax);

    private static bool IsName(string? name, int bytesMax) => !string.IsNullOrEmpty(name) && Encoding.UTF8.GetByteCount(name) <= bytesMax;
}
