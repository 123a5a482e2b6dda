// ComfyUI's page imports this; it adds the widget that the node Pose Editor asks for, and the board of Retrieve Style.
import { api } from '../../scripts/api.js'
import { app } from '../../scripts/app.js'
import type { ComfyNode } from './comfy/host'
import { addBoard, RETRIEVE_STYLE } from './comfy/retrieval'
import { poseEditorWidget } from './comfy/widget'

app.registerExtension({
  name: 'humandiffusion.editor',
  getCustomWidgets: () => ({
    HUMANDIFFUSION_POSE_EDITOR: (node: ComfyNode, name: string) => poseEditorWidget(app, api, node, name)
  }),
  nodeCreated(node: ComfyNode) {
    if (node.comfyClass === RETRIEVE_STYLE) addBoard(app, api, node)
  }
})
