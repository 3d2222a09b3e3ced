using System.Net;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>Where bridges of one machine find each other: a file for each island that holds the address its bridge listens at.</summary>
internal static class DirectRendezvous
{
    /// <summary>Leaves an address; whoever reads sees the old one or the new one whole.</summary>
    public static void Announce(string directory, string island, IPEndPoint endpoint)
    {
        var path = PathOf(directory, island);
        var written = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(written, endpoint.ToString());
        File.Move(written, path, overwrite: true);
    }

    /// <summary>An island's address; null where it has left none.</summary>
    public static IPEndPoint? Find(string directory, string island)
    {
        try
        {
            return IPEndPoint.TryParse(File.ReadAllText(PathOf(directory, island)), out var endpoint) ? endpoint : null;
        }
        catch (IOException)
        {
            // Not there yet.
            return null;
        }
    }

    private static string PathOf(string directory, string island) => Path.Combine(directory, $"{island}.endpoint");
}
