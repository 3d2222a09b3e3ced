using System.Text;

namespace Superfactory.Control.Api;

/// <summary>Reads bodies that are text.</summary>
internal static class RequestText
{
    /// <returns>The body as text; null where it is longer than <see cref="ApiLimits.JobFileBytesMax"/>.</returns>
    public static async Task<string?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellation)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > ApiLimits.JobFileBytesMax)
            {
                return null;
            }
        }

        return Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length).TrimStart('\uFEFF');
    }
}
